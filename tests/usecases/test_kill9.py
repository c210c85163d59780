"""A tenth of `benchmarks.kill9`: whatever moment an import dies in, doing it again gives the undisturbed state."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.kill9 import torture


@pytest.mark.slow
@pytest.mark.database
def test_an_import_killed_at_any_moment_is_whole_after_the_next_one(tmp_path: Path, blank_database: str) -> None:
    server = os.environ.get("DATABASE_URL", "")
    outcome = torture(tmp_path, server if server.startswith("postgres") else "", 2_000, 5, blank=blank_database)
    assert outcome.differences == []
    assert outcome.struck >= 1, "no kill met a running import: the test shows nothing"
