"""A tenth of `benchmarks.kill9_posting`: kills at any moment and two workers at once post nothing twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.kill9_posting import Ground, torture, two_at_once, undisturbed

pytestmark = [pytest.mark.slow, pytest.mark.database]


def test_runs_killed_and_two_workers_at_once_post_what_one_undisturbed_would(
    tmp_path: Path, blank_database: str
) -> None:
    server = os.environ.get("DATABASE_URL", "")
    ground = Ground(tmp_path, server if server.startswith("postgres") else "", 150, blank=blank_database)
    calm = undisturbed(ground)
    outcome = torture(ground, calm, 5)
    assert outcome.differences == []
    assert outcome.struck >= 1, "no kill met a run at work: the test shows nothing"
    assert two_at_once(ground, calm, 1) == []
