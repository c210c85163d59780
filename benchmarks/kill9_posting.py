"""kill -9 while receipts are applied, then two workers at once: what is posted is what an undisturbed run posts."""

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
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.harness import Call, Figure, arguments, report
from benchmarks.waiting_book import ENTITY, digest_book, digest_posts, make_waiting_book, prepare, start
from tests.postgres import create_database, drop_database, server_folder, throwaway_cluster

_ROOT = Path(__file__).resolve().parent.parent
_VENDORS = ("SQLite", "PostgreSQL")


@dataclass(frozen=True)
class Outcome:
    """How many kills met a run that was still at work, how many had posted already, every difference."""

    kills: int
    struck: int
    posted_before: int
    differences: list[str]


def make_book(folder: Path, receipts: int) -> None:
    """A book whose receipts all wait."""
    make_waiting_book(folder, receipts)


def child_prepare(home: str, url: str, book: str) -> None:
    """An installation whose receipts wait; the search is compiled."""
    prepare(home, url, book)
    from encours.store.rights import job
    from encours.usecases import clock
    from encours.usecases.propose_matches import propose_matches
    from encours.usecases.recompute_positions import recompute_entities

    recompute_entities([ENTITY], clock.today())
    propose_matches(job("kill9"), [ENTITY])


def child_apply(home: str, url: str, tell: str = "posts") -> None:
    """Says that it begins, applies what waits and, where asked, says what stands then."""
    start(home, url)
    from encours.store.rights import job
    from encours.usecases import apply_receipts

    proposing = apply_receipts.propose_entity

    def proposed(*words: Any) -> Any:
        found = proposing(*words)
        print("posting", flush=True)
        moments.append(time.perf_counter())
        return found

    moments: list[float] = []
    apply_receipts.propose_entity = proposed
    print("go", flush=True)
    sys.stdin.readline()  # two begin at one word
    runs = apply_receipts.apply_receipts(job("kill9"), [ENTITY])
    began = moments[0]
    said = {"seconds": time.perf_counter() - began, "posted": runs[0].posted}
    state = digest_book() | digest_posts() if tell == "state" else {}
    print(json.dumps(said | {"state": state}), flush=True)


def child(module: str, call: str, *words: str) -> subprocess.Popen[str]:
    """A process of its own that makes one call of a module."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "src")])}
    given = ", ".join(repr(word) for word in words)
    command = [sys.executable, "-c", f"import {module} as k; k.{call}({given})"]
    return subprocess.Popen(
        command, env=environment, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _child(call: str, *words: str) -> subprocess.Popen[str]:
    return child(__name__ if __name__ != "__main__" else "benchmarks.kill9_posting", call, *words)


def finish(process: subprocess.Popen[str]) -> str:
    """The last line that a process says, once it is told to go on and has ended well."""
    out, _ = process.communicate("\n", timeout=600)
    if process.returncode:
        raise RuntimeError(f"a process ended with {process.returncode}")
    lines = out.splitlines()
    return lines[-1] if lines else ""


def begun(process: subprocess.Popen[str]) -> None:
    """Waits for its next line."""
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdout.readline()


def go(process: subprocess.Popen[str]) -> None:
    """Tells it to go on."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@dataclass(frozen=True)
class Ground:
    """Where installations are made: copies of one that is prepared, a folder on SQLite, a database on PostgreSQL.

    `module` has `make_book(folder, size)` and `child_prepare(home, url, book)`. `blank`: a database with its tables and
    no row, in a copy of which that one is prepared; without it the tables are made.
    """

    scratch: Path
    server: str
    size: int
    module: str = "benchmarks.kill9_posting"
    blank: str = ""

    def place(self, name: str) -> tuple[str, str]:
        """A fresh installation in which the work is still to be done: its folder and its database."""
        book, home = self.scratch / "book", self.scratch / name
        if not book.exists():
            import_module(self.module).make_book(book, self.size)
        blank, told = self.scratch / "blank", self.scratch / "blank.url"
        if not blank.exists():
            blank.mkdir()
            told.write_text(self._empty(blank))
            finish(child(self.module, "child_prepare", str(blank), told.read_text(), str(book)))
        shutil.copytree(blank, home)
        if self.server:
            return str(home), create_database(self.server, name, copy_of=told.read_text())
        return str(home), _sqlite(home)

    def _empty(self, home: Path) -> str:
        if self.server:
            return create_database(self.server, "blank", copy_of=self.blank)
        if self.blank:
            shutil.copyfile(self.blank.removeprefix("sqlite:///"), home / "encours.sqlite3")
        return _sqlite(home)

    def remove(self, home: str, url: str) -> None:
        """Away with it."""
        shutil.rmtree(home, ignore_errors=True)
        if self.server:
            drop_database(self.server, url)


def _sqlite(home: Path) -> str:
    return f"sqlite:///{home / 'encours.sqlite3'}"


Calm = tuple[float, int, dict[str, str]]


def undisturbed(ground: Ground) -> Calm:
    """Seconds that a run posts for, what it posts, and the state it leaves."""
    seconds, posted, state = 0.0, 0, {}
    for number in range(2):  # the first also pays for cold caches: moments are drawn from the second's length
        home, url = ground.place(f"calm{number}")
        said = _applied(home, url)
        seconds, posted, state = said["seconds"], said["posted"], said["state"]
        ground.remove(home, url)
    return seconds, posted, state


def torture(ground: Ground, calm: Calm, kills: int, seed: int = 13) -> Outcome:
    """Kills `kills` runs at random moments, each in an installation of its own, and runs again."""
    rng = random.Random(seed)
    seconds, posted, expected = calm
    differences = [] if posted else ["an undisturbed run posts nothing: the kills show nothing"]
    struck = already = 0
    for number in range(kills):
        home, url = ground.place(f"k{number}")
        process = _child("child_apply", home, url)
        begun(process)
        go(process)
        if number % 5:  # one in five dies while it proposes, or anywhere
            begun(process)
        time.sleep(rng.random() * seconds)
        struck += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        again = _applied(home, url)
        already += again["posted"] == 0
        if again["posted"] not in (0, posted):
            differences.append(f"kill {number}: {again['posted']} of {posted} were left to post: a run was half posted")
        differences += differing(f"kill {number}", expected, again["state"])
        ground.remove(home, url)
    return Outcome(kills, struck, already, differences)


def two_at_once(ground: Ground, calm: Calm, rounds: int) -> list[str]:
    """Two workers that begin at one word: between them they post what one would, and nothing twice."""
    _, posted, expected = calm
    differences = []
    for number in range(rounds):
        home, url = ground.place(f"two{number}")
        both = [_child("child_apply", home, url) for _ in range(2)]
        for process in both:
            begun(process)
        for process in both:
            go(process)
        told = [json.loads(finish(process))["posted"] for process in both]
        if sum(told) > posted:
            differences.append(f"round {number}: {told} were posted, {posted} wait")
        again = _applied(home, url)  # what each left to the other is posted by the next run
        differences += differing(f"round {number}", expected, again["state"])
        ground.remove(home, url)
    return differences


def _applied(home: str, url: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(finish(_child("child_apply", home, url, "state")))
    return said


def differing(what: str, expected: dict[str, str], state: dict[str, str]) -> list[str]:
    """What a state says otherwise than the expected one."""
    return [
        f"{what}: {name} is {state.get(name)}, not {value}"
        for name, value in expected.items()
        if state.get(name) != value
    ]


def main(argv: list[str] | None = None) -> int:
    """Fifty kills and ten races on each database that there is."""
    title = "kill -9 while receipts are posted, and two workers at once"
    return on_each_database(title, argv, lambda vendor, call: _figures(vendor, call.scaled(50), call.scaled(10)))


def on_each_database(title: str, argv: list[str] | None, figures: Callable[[str, Call], list[Figure]]) -> int:
    """Reports the figures of each database that there is; `--only` takes one."""
    call = arguments(title, argv, options={"--only": {"choices": list(_VENDORS), "default": None}})
    vendors = [call.extra["only"]] if call.extra["only"] else _VENDORS
    there = [vendor for vendor in vendors if vendor == "SQLite" or server_folder() is not None]
    return report(call, [figure for vendor in there for figure in figures(vendor, call)])


def _figures(vendor: str, kills: int, rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="encours-kill-") as scratch:
        server = throwaway_cluster({"fsync": "on"}) if vendor == "PostgreSQL" else nullcontext("")
        with server as url:
            ground = Ground(Path(scratch), url, 2_000)
            calm = undisturbed(ground)
            outcome, races = torture(ground, calm, kills), two_at_once(ground, calm, rounds)
    for difference in [*outcome.differences, *races]:
        print(f"{vendor}: {difference}")
    return [
        Figure(f"{vendor}: runs killed", outcome.kills),
        Figure(f"{vendor}: while still at work", outcome.struck, at_least=outcome.kills * 0.6),
        Figure(f"{vendor}: that had posted already", outcome.posted_before),
        Figure(f"{vendor}: differences to the undisturbed state", len(outcome.differences), at_most=0),
        Figure(f"{vendor}: two workers at once", rounds),
        Figure(f"{vendor}: differences to one worker", len(races), at_most=0),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
