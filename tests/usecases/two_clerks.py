"""Clerks in processes of their own, that act at one word: `python -m tests.usecases.two_clerks ACT USER`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.house.tree import ROOT

#: Seconds by which one act is in the midst of its work when the next begins.
_HEAD_START = 2


def start(home: Path, url: str, *words: str) -> subprocess.Popen[str]:
    """A process that waits for the word; `words` are the act and the user."""
    environment = os.environ | {
        "ENCOURS_HOME": str(home),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "encours.web.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
    }
    command = [sys.executable, "-m", "tests.usecases.two_clerks", *words]
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def at_once(home: Path, url: str, acts: Sequence[tuple[str, str]]) -> list[str]:
    """What each said who acted at the same moment as the others."""
    children = [start(home, url, *words) for words in acts]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    answers = [child.communicate(timeout=120)[0].strip() for child in children]
    assert [child.returncode for child in children] == [0] * len(children)
    return answers


def main(act: str, name: str) -> None:
    """Waits for a line, acts, and says what came of it."""
    import django

    django.setup()
    answer = {"prepare": _prepare, "state": _state, "close": _close}.get(act)
    print("ready", flush=True)
    sys.stdin.readline()
    print(answer() if answer else _acted(act, name), flush=True)


def _prepare() -> str:
    from django.conf import settings
    from django.core.management import call_command

    from tests.usecases.clerks import load_desk, person

    call_command("migrate", verbosity=0)
    load_desk(Path(settings.HOME))
    for name in ("one", "two"):
        person(name)
    return "prepared"


def _state() -> str:
    from encours.store import audit
    from encours.store.models import Advance, Allocation, Decision, NotCustomer
    from encours.usecases import clock
    from tests.usecases.clerks import assert_oracle, standing

    assert_oracle(clock.today())
    stood = standing()
    acts = sorted(Decision.objects.values_list("act", flat=True))
    marks = [Advance.objects.count(), NotCustomer.objects.count()]
    told = {"free": stood["free"], "open": stood["open"], "acts": acts, "marks": marks}
    return json.dumps(told | {"allocations": Allocation.objects.count(), "intact": audit.verify().intact})


def _close() -> str:
    """Seals March while the other books: how many positions of its day have changed since."""
    from datetime import date

    from encours.store.rights import job
    from encours.usecases.close_period import close_period, see_closing

    time.sleep(_HEAD_START)
    closing = close_period(job("closing"), "A", date(2026, 3, 31), "the ledger is not here yet")
    return str(see_closing(job("closing"), closing.pk).changes.height)


def _acted(act: str, name: str) -> str:
    from django.db import transaction

    from encours.core.base.issue import CallError
    from encours.store import parquet
    from encours.store.models import User
    from encours.store.rights import actor_of
    from encours.usecases.allocate_receipt import HandLine, allocate_receipt
    from encours.usecases.book_advance import book_advance
    from encours.usecases.mark_not_customer import mark_not_customer
    from encours.usecases.take_receipt import take_receipt

    actor = actor_of(User.objects.get(username=name))
    try:
        if act == "take":
            take_receipt(actor, "A:r1")
        elif act == "advance":
            book_advance(actor, "A:r1", "A:0")
        elif act == "mark":
            mark_not_customer(actor, "A:r1", "loan")
        elif act == "slowly":
            with transaction.atomic():
                parquet.lock_entity("A")
                time.sleep(2 * _HEAD_START)
                allocate_receipt(actor, "A:r2", [HandLine("A:F1", 98_000)])
        elif act == "all":
            lines = [HandLine("A:F1", 100_000), HandLine("A:F2", 50_000), HandLine("A:F3", 30_000)]
            allocate_receipt(actor, "A:r1", lines)
        else:
            allocate_receipt(actor, "A:r2", [HandLine("A:F1", 98_000)])
    except CallError as error:
        return type(error).__name__
    return "done"


if __name__ == "__main__":
    main(*sys.argv[1:])
