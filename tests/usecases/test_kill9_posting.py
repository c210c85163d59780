"""A small part of `benchmarks.kill9_posting`: kills at any moment and two workers at once post nothing twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.kill9_posting import Ground, torture, two_at_once

pytestmark = [pytest.mark.slow, pytest.mark.database]


def _ground(scratch: Path) -> Ground:
    server = os.environ.get("DATABASE_URL", "")
    return Ground(scratch, server if server.startswith("postgres") else "", 300)


def test_posting_killed_at_any_moment_is_whole_after_the_next_run(tmp_path: Path) -> None:
    outcome = torture(_ground(tmp_path), 4)
    assert outcome.differences == []
    assert outcome.struck >= 1, "no kill met a run at work: the test shows nothing"


def test_two_workers_at_once_post_what_one_would(tmp_path: Path) -> None:
    assert two_at_once(_ground(tmp_path), 2) == []
