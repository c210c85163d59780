"""kill -9 while the day is planned and queued, then planned again: the plan is the undisturbed one, nothing twice.

Moments are drawn from the whole run; in four of five, from the time in which the plan is written and messages queued.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure
from benchmarks.kill9_posting import Ground, Outcome, begun, child, differing, finish, go, on_each_database
from benchmarks.waiting_book import start
from tests.postgres import throwaway_cluster

_MODULE = "benchmarks.kill9_planning"
_ENTITY = "A"


def make_book(folder: Path, customers: int) -> None:
    """Customers with two late invoices each; every third one has so little open that a gate holds it."""
    finish(child(_MODULE, "child_book", str(folder), str(customers)))


def child_book(folder: str, customers: str) -> None:
    """The same in a process of its own: the company of the tests wants Django."""
    start(f"{folder}.home", "sqlite:///:memory:")
    import polars as pl

    from encours.connectors.book_folder import write_book
    from tests.usecases.mailing import late_book

    book = late_book(int(customers))
    number = pl.col("customer_id").str.extract(r"(\d+)$").cast(pl.Int64)
    small = pl.when(number % 3 == 2).then(500).otherwise("amount")
    write_book(book.replace(items=book.items.with_columns(amount=small)), Path(folder))


def child_prepare(home: str, url: str, book: str) -> None:
    """An installation with the book, its mail ready, one scenario that sends by itself; planned by nobody yet."""
    start(home, url)
    from django.core.management import call_command

    from encours.store.rights import job
    from encours.usecases.import_files import import_now
    from encours.usecases.manage_scenarios import followed, switch_scenario
    from tests.usecases.mailing import make_mail_ready, to_server

    call_command("migrate", verbosity=0)
    import_now(job("kill9"), None, [Path(book)])
    make_mail_ready()
    to_server(1)
    followed(_ENTITY)
    switch_scenario(job("kill9"), _ENTITY, "sme", "on")


def child_plan(home: str, url: str, tell: str = "") -> None:
    """Says that it begins, then that it keeps the plan; plans and queues and, where asked, says what stands then."""
    start(home, url)
    from encours.store.rights import job
    from encours.usecases import plan_dunning

    planning: Any = plan_dunning  # its keep_plan gives way to one that tells the moment
    keeping = planning.keep_plan

    def kept(*words: Any, **more: Any) -> Any:
        print("keeping", flush=True)
        moments.append(time.perf_counter())
        return keeping(*words, **more)

    moments: list[float] = []
    planning.keep_plan = kept
    print("go", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    found = plan_dunning.plan_dunning(job("kill9"), [_ENTITY])[0]
    ended = time.perf_counter()
    said = {"whole": ended - began, "keeping": ended - moments[0], "queued": found.queued}
    print(json.dumps(said | {"state": _state() if tell else {}}), flush=True)


def _state() -> dict[str, str]:
    """Everything that a plan leaves behind, without numbers and stamps of the rows."""
    from encours.store.models import DunningDay, HeldItem, Message, MessageEvent, PlannedAction, PlannedLine, Run

    asked = ("action_id", "day", "customer_id", "step", "amount", "place", "state", "euro_days")
    columns = {
        "actions": (PlannedAction, asked),
        "lines": (PlannedLine, ("action__action_id", "item_id", "amount", "held")),
        "held": (HeldItem, ("item_id", "gate", "amount", "sentence", "task", "until_on", "since_on", "part")),
        "the day": (DunningDay, ("day", "actions", "messages", "tasks", "avoided", "delayed", "amounts", "held_gates")),
        "messages": (Message, ("action_id", "customer_id", "state", "purpose", "subject")),
        "events": (MessageEvent, ("message__action_id", "kind")),
        "runs": (Run, ("name", "day", "state")),
    }  # fmt: skip
    found = {}
    for name, (model, names) in columns.items():
        query = model._default_manager.filter(name="plan_dunning") if name == "runs" else model._default_manager.all()
        rows = sorted(json.dumps(row, default=str) for row in query.values_list(*names))
        found[name] = f"{len(rows)} rows {hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12]}"
    return found


Calm = tuple[float, float, int, dict[str, str]]


def undisturbed(ground: Ground) -> Calm:
    """Seconds of a run, and of keeping and queueing in it; what it queues and the state it leaves; planned twice, it
    leaves the same. Raises RuntimeError where it does not."""
    said: dict[str, Any] = {}
    for number in range(2):  # the first also pays for cold caches
        home, url = ground.place(f"calm{number}")
        said = _planned(home, url)
        if number:
            again = _planned(home, url)
            if faults := differing("planned twice", said["state"], again["state"]):
                raise RuntimeError("; ".join(faults))
        ground.remove(home, url)
    return said["whole"], said["keeping"], said["queued"], said["state"]


def torture(ground: Ground, calm: Calm, kills: int, seed: int = 17) -> Outcome:
    """Kills `kills` runs at random moments, each in an installation of its own, and plans again."""
    rng = random.Random(seed)
    whole, keeping, queued, expected = calm
    differences = [] if queued else ["an undisturbed run queues nothing: the kills show nothing"]
    struck = before = 0
    for number in range(kills):
        home, url = ground.place(f"k{number}")
        process = child(_MODULE, "child_plan", home, url)
        begun(process)
        go(process)
        late = bool(number % 5)
        if late:
            begun(process)
        time.sleep(rng.random() * (keeping if late else whole))
        struck += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        again = _planned(home, url)
        before += again["queued"] < queued
        differences += differing(f"kill {number}", expected, again["state"])
        ground.remove(home, url)
    return Outcome(kills, struck, before, differences)


def _planned(home: str, url: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(finish(child(_MODULE, "child_plan", home, url, "state")))
    return said


def main(argv: list[str] | None = None) -> int:
    """Thirty kills on each database that there is."""
    title = "kill -9 while the day is planned and queued"
    return on_each_database(title, argv, lambda vendor, call: _figures(vendor, call.scaled(30), call.scaled(300)))


def _figures(vendor: str, kills: int, customers: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="encours-kill-") as scratch:
        server = throwaway_cluster({"fsync": "on"}) if vendor == "PostgreSQL" else nullcontext("")
        with server as url:
            ground = Ground(Path(scratch), url, customers, _MODULE)
            outcome = torture(ground, undisturbed(ground), kills)
    for difference in outcome.differences:
        print(f"{vendor}: {difference}")
    return [
        Figure(f"{vendor}: runs killed", outcome.kills),
        Figure(f"{vendor}: while still at work", outcome.struck, at_least=outcome.kills * 0.6),
        Figure(f"{vendor}: that had queued something already", outcome.posted_before),
        Figure(f"{vendor}: differences to the undisturbed state", len(outcome.differences), at_most=0),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
