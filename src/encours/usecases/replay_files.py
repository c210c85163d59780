"""Lists of replayed scenarios, kept in Parquet beside the database: one file a run, the last one of each stays."""

from __future__ import annotations

import uuid
from pathlib import Path
from urllib.parse import quote

import polars as pl
from django.conf import settings


def write_list(entity_id: str, run: int, name: str, rows: pl.DataFrame) -> None:
    """Keeps a list of a run. A process killed here leaves no half of a file."""
    folder = _folder(entity_id)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{uuid.uuid4().hex}.part"
    rows.write_parquet(draft, compression="lz4")
    draft.replace(folder / f"{run}-{name}.parquet")


def read_list(entity_id: str, run: int, name: str) -> pl.DataFrame | None:
    """A list of a run; None where it is gone or torn."""
    try:
        return pl.read_parquet(_folder(entity_id) / f"{run}-{name}.parquet")
    except (OSError, pl.exceptions.PolarsError):
        return None


def drop_lists(entity_id: str, runs: list[int]) -> None:
    """Forgets the lists of runs that a newer one replaces."""
    for run in runs:
        for path in _folder(entity_id).glob(f"{run}-*.parquet"):
            path.unlink(missing_ok=True)


def _folder(entity_id: str) -> Path:
    return Path(settings.HOME) / "replays" / f"entity-{quote(entity_id, safe='').replace('.', '%2E')}"
