"""kill -9 at random moments of an import, then the import again: the same final state as an undisturbed one."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Figure, arguments, report
from benchmarks.import_book import make_book
from tests.postgres import create_database, drop_database, server_folder, throwaway_cluster

_ROOT = Path(__file__).resolve().parent.parent
_VENDORS = ("SQLite", "PostgreSQL")


@dataclass(frozen=True)
class Outcome:
    """What the kills met: how many found the import unfinished, and every difference to the undisturbed state."""

    kills: int
    struck: int
    states: dict[str, int]
    differences: list[str]


def digest_state() -> dict[str, str]:
    """Digest of each fact table (what the facts say, not their row numbers), of the copies, positions and audit."""
    import polars as pl

    from encours.core.base.schema import TABLES
    from encours.store import audit, parquet
    from encours.store.models import FACTS, CustomerPosition, Entity, Import
    from encours.store.rows import dtype_of, select

    def digest(rows: pl.DataFrame) -> str:
        ordered = rows.sort(rows.columns, nulls_last=False)
        return f"{rows.height}:{hashlib.sha256(ordered.write_csv().encode()).hexdigest()[:16]}"

    own = {"id", "import_id", "file_id"}
    found = {}
    for name, model in FACTS.items():
        columns = [field.attname for field in model._meta.concrete_fields if field.attname not in own]
        found[name] = digest(select(model, columns))
    entities = list(Entity.objects.values_list("entity_id", flat=True))
    for name in parquet.COPIED:
        found[f"copy of {name}"] = digest(parquet.scan(name, entities).collect())
        stored = select(FACTS[name], list(TABLES[name].schema))
        if digest(stored) != found[f"copy of {name}"]:
            found[f"copy of {name}"] += " differs from its table"
    fields = [field for field in CustomerPosition._meta.concrete_fields if field.attname != "id"]
    assert all(dtype_of(field) is not None for field in fields)
    found["positions"] = digest(select(CustomerPosition, [field.attname for field in fields]))
    verdict = audit.verify()
    found["audit"] = "whole" if verdict.intact else f"BROKEN {verdict.faults}"
    found["imports done"] = str(Import.objects.filter(state="done").count())
    return found


def _start() -> None:
    import django

    django.setup()


def child_migrate() -> None:
    """Brings the tables up."""
    from django.core.management import call_command

    _start()
    call_command("migrate", verbosity=0)


def child_import(book: str, tell: str) -> None:
    """Says that it begins, imports, and where asked says the state."""
    _start()
    from encours.store.models import FACTS, Import
    from encours.store.rights import job
    from encours.usecases.import_files import import_now, repair_imports

    assert FACTS
    print("go", flush=True)
    start = time.perf_counter()
    repair_imports()
    before = sorted(Import.objects.values_list("state", flat=True))
    import_now(job("kill9"), None, [Path(book)])
    if tell == "state":
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "before": before, "state": digest_state()}), flush=True)


def _child(home: Path, url: str, call: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "ENCOURS_HOME": str(home),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "encours.web.settings",
        "PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "src")]),
    }
    command = [sys.executable, "-c", f"from benchmarks import kill9; kill9.{call}"]
    return subprocess.Popen(command, env=environment, cwd=_ROOT, stdout=subprocess.PIPE, text=True)


def _finish(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=600)
    if process.returncode:
        raise RuntimeError(f"the import ended with {process.returncode}")
    return out


def torture(scratch: Path, server: str, size: int, kills: int, seed: int = 11, blank: str = "") -> Outcome:
    """Kills `kills` imports of a book of `size` items, each in an installation of its own, and imports again.

    `blank`: a database with its tables and no row, of which they are copies; without it one is made.
    """
    rng = random.Random(seed)
    book = scratch / "book"
    make_book(book, size, customers=max(10, size // 20))
    seconds, expected = 0.0, {}
    for _ in range(2):  # the first run also pays for cold caches: moments are drawn from the second's length
        home, url = _place(scratch, server, "undisturbed", blank)
        said = json.loads(_finish(_child(home, url, f"child_import({str(book)!r}, 'state')")).splitlines()[-1])
        seconds, expected = said["seconds"], said["state"]
        _remove(home, server, url)
    struck, states, differences = 0, {}, []
    for number in range(kills):
        home, url = _place(scratch, server, f"k{number}", blank)
        process = _child(home, url, f"child_import({str(book)!r}, 'nothing')")
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.random() * seconds)
        struck += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        again = json.loads(_finish(_child(home, url, f"child_import({str(book)!r}, 'state')")).splitlines()[-1])
        met = ", ".join(again["before"]) or "nothing yet"
        states[met] = states.get(met, 0) + 1
        differences += [
            f"kill {number} ({met}): {name} is {again['state'].get(name)}, not {value}"
            for name, value in expected.items()
            if again["state"].get(name) != value and name != "imports done"
        ]
        _remove(home, server, url)
    return Outcome(kills, struck, states, differences)


def _place(scratch: Path, server: str, name: str, blank: str) -> tuple[Path, str]:
    """A fresh installation, the copy of a migrated one: on SQLite its folder, on PostgreSQL a database of its own."""
    home, told = scratch / name, scratch / "blank.url"
    if not told.exists():
        told.write_text(blank or _migrated(scratch, server))
    home.mkdir()
    if server:
        return home, create_database(server, name, copy_of=told.read_text())
    shutil.copyfile(told.read_text().removeprefix("sqlite:///"), home / "encours.sqlite3")
    return home, _sqlite(home)


def _migrated(scratch: Path, server: str) -> str:
    home = scratch / "blank"
    home.mkdir()
    url = create_database(server, "blank") if server else _sqlite(home)
    _finish(_child(home, url, "child_migrate()"))
    return url


def _sqlite(home: Path) -> str:
    return f"sqlite:///{home / 'encours.sqlite3'}"


def _remove(home: Path, server: str, url: str) -> None:
    shutil.rmtree(home, ignore_errors=True)
    if server:
        drop_database(server, url)


def main(argv: list[str] | None = None) -> int:
    """Fifty kills on SQLite, and fifty on PostgreSQL (with fsync on) where there is one."""
    call = arguments(
        "kill -9 in the middle of an import", argv, options={"--only": {"choices": list(_VENDORS), "default": None}}
    )
    kills = call.scaled(50)
    figures = []
    for vendor in [call.extra["only"]] if call.extra["only"] else _VENDORS:
        if vendor == "PostgreSQL" and server_folder() is None:
            print("no PostgreSQL on this machine: its kills are left out")
            continue
        figures += _figures(vendor, kills)
    return report(call, figures)


def _figures(vendor: str, kills: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="encours-kill-") as scratch:
        server = throwaway_cluster({"fsync": "on"}) if vendor == "PostgreSQL" else nullcontext("")
        with server as url:
            outcome = torture(Path(scratch), url, 20_000, kills)
    for difference in outcome.differences:
        print(f"{vendor}: {difference}")
    return [
        Figure(f"{vendor}: imports killed", outcome.kills),
        Figure(f"{vendor}: while still importing", outcome.struck, at_least=outcome.kills * 0.6),
        *(Figure(f"{vendor}: the next import found: {met}", n) for met, n in sorted(outcome.states.items())),
        Figure(f"{vendor}: differences to the undisturbed state", len(outcome.differences), at_most=0),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
