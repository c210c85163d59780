"""A sixth of `benchmarks.kill9_planning`: killed while it plans or queues, planned again, it is the same plan.

A plan is one transaction, so SQLite shows it in each gate; `make prove` kills as often on PostgreSQL.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.kill9_planning import torture, undisturbed
from benchmarks.kill9_posting import Ground

pytestmark = [pytest.mark.slow, pytest.mark.database, pytest.mark.one_database]


def test_a_plan_that_is_killed_and_made_again_is_the_undisturbed_one(tmp_path: Path, blank_database: str) -> None:
    server = os.environ.get("DATABASE_URL", "")
    ground = Ground(
        tmp_path, server if server.startswith("postgres") else "", 60, "benchmarks.kill9_planning", blank_database
    )
    outcome = torture(ground, undisturbed(ground), 5)
    assert outcome.differences == []
    assert outcome.struck >= 1, "no kill met a run at work: the test shows nothing"
