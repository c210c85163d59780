"""A thousand e-mails with a PDF through a real SMTP server; then the worker killed twenty times on the way.

The server is a process of its own that writes each message it accepted into a file before it says so. The worker is
killed (-9) at moments drawn at random while mail is leaving; after the last kill a worker ends the work. Nothing may
arrive twice, nothing be lost, and at most one message a kill be shown as uncertain.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, arguments, report

_ROOT = Path(__file__).resolve().parents[2]
_ENTITY = "A"


def child_prepare(home: str, url: str, messages: str) -> None:
    """An installation with as many customers, each with an approved message and its statement as PDF."""
    _start(home, url)
    from datetime import timedelta

    from encours.cli.installation import open_installation
    from encours.store.models import Message
    from encours.store.rights import job
    from encours.usecases import clock
    from encours.usecases.approve_messages import approve_messages
    from encours.usecases.compose_many import compose_messages
    from tests.usecases.mailing import load_late, plan_action, to_server

    open_installation()
    count = int(messages)
    load_late(Path(home), count)
    to_server(int((Path(home) / "port").read_text()))
    actions = [plan_action(str(number)).action_id for number in range(count)]
    began, cpu = time.perf_counter(), time.process_time()
    made = [one.pk for _, one in compose_messages(job("mail"), actions) if isinstance(one, Message)]
    spent = {"composing": time.perf_counter() - began, "composing_cpu": time.process_time() - cpu}
    approve_messages(job("mail"), made)
    Message.objects.update(send_after=clock.now() - timedelta(seconds=1))
    print(json.dumps(spent), flush=True)


def child_send(home: str, url: str) -> None:
    """Sends what is due until nothing is left; says how long it took and what stands in the database then."""
    _start(home, url)
    from encours.usecases.run_outbox import empty_outbox

    began, cpu = time.perf_counter(), time.process_time()
    done = empty_outbox()
    said = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "sent": done.sent}
    print(json.dumps(said | _state()), flush=True)


def _state() -> dict[str, Any]:
    """What stands in the outbox, and how many touches were written for what."""
    from encours.store.models import Message, Touch

    states = {str(key): state for key, state in Message.objects.values_list("pk", "state")}
    touches = Counter(name.split("-")[1] for name in Touch.objects.values_list("touch_id", flat=True))
    return {"states": states, "touches": touches}


def child_serve(port_file: str, log: str) -> None:
    """The SMTP server: every message that it accepts stands in the log, safe on the disk, before it says 250."""
    import asyncio

    from aiosmtpd.smtp import SMTP

    class Keeper:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # its name there
            head = envelope.content[:4_000]
            key = head[head.lower().index(b"message-id:") :].partition(b"<")[2].partition(b"@")[0].decode()
            with_pdf = b"application/pdf" in envelope.content
            os.write(out, f"{key} {len(envelope.content)} {int(with_pdf)}\n".encode())
            return "250 2.0.0 queued"

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Keeper(), loop=loop), "127.0.0.1", 0)
        Path(port_file).write_text(str(server.sockets[0].getsockname()[1]))
        await server.serve_forever()

    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    asyncio.run(serve())


def _start(home: str, url: str) -> None:
    os.environ |= {"ENCOURS_HOME": home, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "encours.web.settings"}
    import django

    django.setup()


def _child(call: str, *words: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "src")])}
    given = ", ".join(repr(word) for word in words)
    command = [sys.executable, "-c", f"from benchmarks.dunning import mail as m; m.{call}({given})"]
    return subprocess.Popen(command, env=environment, cwd=_ROOT, stdout=subprocess.PIPE, text=True)


def _finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate(timeout=1_800)
    if process.returncode:
        raise RuntimeError(f"a process ended with {process.returncode}")
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


@dataclass(frozen=True)
class Outcome:
    """What arrived beside what the outbox says. `faults`: everything that may not be."""

    sent: int
    arrived: int
    uncertain: int
    uncertain_arrived: int
    struck: int
    seconds: float
    cpu: float
    composing: float
    composing_cpu: float
    size: float
    faults: tuple[str, ...]


def run(folder: Path, messages: int, kills: int, url: str = "", seed: int = 7) -> Outcome:
    """An installation in `folder`, its mail sent with so many kills on the way. `url`: an empty database, or none."""
    folder.mkdir(parents=True, exist_ok=True)
    url = url or f"sqlite:///{folder / 'encours.sqlite3'}"
    log = folder / "arrived"
    log.touch()
    server = _child("child_serve", str(folder / "port"), str(log))
    try:
        while not (folder / "port").exists() or not (folder / "port").read_text():
            time.sleep(0.02)
        prepared = _finish(_child("child_prepare", str(folder), url, str(messages)))
        struck = _kill_on_the_way(folder, url, log, messages, kills, random.Random(seed))
        last = _finish(_child("child_send", str(folder), url))
    finally:
        server.kill()
        server.wait()
    lines = [line.split() for line in log.read_text().splitlines()]
    return _compared(lines, messages, struck, last, prepared)


def _kill_on_the_way(folder: Path, url: str, log: Path, messages: int, kills: int, chance: random.Random) -> int:
    """Kills workers while mail is leaving, each after some messages and a moment drawn at random; how many it met."""
    struck = 0
    for number in range(kills):
        worker = _child("child_send", str(folder), url)
        wanted = min(messages * (number + 1) // (kills + 1), messages - 1)
        while worker.poll() is None and log.read_bytes().count(b"\n") < wanted:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.08))
        if worker.poll() is None:
            worker.send_signal(signal.SIGKILL)
            struck += 1
        worker.wait()
        if worker.stdout is not None:
            worker.stdout.close()
    return struck


def _compared(
    lines: list[list[str]],
    messages: int,
    struck: int,
    last: dict[str, Any],
    prepared: dict[str, Any],
) -> Outcome:
    arrived = Counter(line[0] for line in lines)
    states: dict[str, str] = last["states"]
    sent = {key for key, name in states.items() if name == "sent"}
    uncertain = {key for key, name in states.items() if name == "uncertain"}
    faults = [f"{key} arrived {count} times" for key, count in arrived.items() if count > 1]
    faults += [f"{key} is sent and never arrived" for key in sorted(sent - set(arrived))]
    faults += [f"{key} arrived and is {states.get(key)}" for key in sorted(set(arrived) - sent - uncertain)]
    faults += [f"{key} is {name}" for key, name in states.items() if name not in ("sent", "uncertain")]
    faults += [f"{len(states)} messages of {messages}"] if len(states) != messages else []
    faults += [f"{len(uncertain)} are uncertain after {struck} kills"] if len(uncertain) > struck else []
    faults += [f"{line[0]} has no PDF" for line in lines if line[2] != "1"]
    touched = {key for key, count in last["touches"].items() if count == 2}
    wrong = touched ^ {key.replace("-", "") for key in sent}
    faults += [f"{key}: touches and sending differ" for key in sorted(wrong)]
    size = sum(int(line[1]) for line in lines) / max(len(lines), 1)
    return Outcome(
        len(sent), len(arrived), len(uncertain), len(uncertain & set(arrived)), struck, last["seconds"], last["cpu"],
        prepared["composing"], prepared["composing_cpu"], size, tuple(faults),
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """1,000 messages undisturbed, then 1,000 with 20 kills."""
    call = arguments("1,000 e-mails with PDF through a real SMTP server, and with 20 kills on the way", argv)
    messages, kills = call.scaled(1_000), call.scaled(20)
    scratch = Path(tempfile.mkdtemp(prefix="encours-mail-"))
    try:
        calm = run(scratch / "calm", messages, 0)
        killed = run(scratch / "killed", messages, kills)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for fault in (*calm.faults, *killed.faults)[:20]:
        print(fault)
    whole = calm.composing + calm.seconds
    return report(
        call,
        [
            Figure("messages", messages),
            Figure("composing with PDF, checking and sending", whole, "s", at_most=120 * call.scale),
            Figure("of which sending", calm.seconds, "s"),
            Figure("CPU of composing", calm.composing_cpu, "s"),
            Figure("CPU of the sending worker", calm.cpu, "s"),
            Figure("bytes of a message", calm.size),
            Figure("faults undisturbed", len(calm.faults), at_most=0),
            Figure("kills that met a worker", killed.struck, at_least=kills),
            Figure("arrived twice, lost or without touches", len(killed.faults), at_most=0),
            Figure("uncertain", killed.uncertain, at_most=killed.struck),
            Figure("uncertain that had arrived", killed.uncertain_arrived),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
