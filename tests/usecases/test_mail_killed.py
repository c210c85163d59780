"""`benchmarks.dunning.mail` with few messages: workers killed while mail leaves; nothing twice, nothing lost.

What it shows hangs on the kills, not on the messages: there are enough for each kill to meet a worker at work.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.dunning.mail import run

_MESSAGES = 60
pytestmark = [pytest.mark.slow, pytest.mark.database]


def test_workers_killed_while_mail_leaves_lose_and_double_nothing(tmp_path: Path, blank_database: str) -> None:
    found = run(tmp_path / "mail", _MESSAGES, 2, blank_database)
    assert found.faults == ()
    assert found.struck == 2, "a kill met no worker at work: the test shows nothing"
    assert found.uncertain <= found.struck
    assert found.sent + found.uncertain == _MESSAGES
