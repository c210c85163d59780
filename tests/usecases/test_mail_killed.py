"""`benchmarks.dunning.mail` with few messages: workers killed while mail leaves; nothing twice, nothing lost.

What it shows hangs on the kills, not on the messages: there are enough for each kill to meet a worker at work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.dunning.mail import run

_MESSAGES = 60
pytestmark = [pytest.mark.slow, pytest.mark.database]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """An empty database on the server of DATABASE_URL, else none: SQLite."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    from tests.postgres import create_database, drop_database

    made = create_database(server, "mail")
    try:
        yield made
    finally:
        drop_database(server, made)


def test_workers_killed_while_mail_leaves_lose_and_double_nothing(tmp_path: Path, url: str) -> None:
    found = run(tmp_path / "mail", _MESSAGES, 2, url)
    assert found.faults == ()
    assert found.struck == 2, "a kill met no worker at work: the test shows nothing"
    assert found.uncertain <= found.struck
    assert found.sent + found.uncertain == _MESSAGES
