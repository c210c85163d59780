"""What each item was expected to bring in each week, night by night, as Parquet: the other end of a later bridge."""

from __future__ import annotations

import os
import uuid
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import polars as pl
from django.conf import settings

#: Every night serves bridges for so many days; of older ones one a week stays until its last week is judged.
KEPT_DAYS, JUDGED_DAYS = 35, 13 * 7 + 45
#: The bridge goes back a week; where that night was missed, two or three.
BRIDGE_WEEKS = (1, 2, 3)


def folder(entity_id: str) -> Path:
    """Where the nights of an entity lie."""
    return Path(settings.HOME) / "forecasts" / f"entity-{quote(entity_id, safe='').replace('.', '%2E')}"


def keep(entity_id: str, day: date, items: pl.DataFrame) -> None:
    """Keeps a night, whole or not at all; nights that no bridge will ask for any more are dropped."""
    place = folder(entity_id)
    place.mkdir(parents=True, exist_ok=True)
    part = place / f"{uuid.uuid4().hex}.part"
    with part.open("wb") as out:
        items.write_parquet(out, compression="zstd")
        out.flush()
        os.fsync(out.fileno())
    part.replace(place / f"{day:%Y-%m-%d}.parquet")
    seen: set[tuple[int, int]] = set()
    for night in sorted(_nights(entity_id)):
        week, age = night.isocalendar()[:2], (day - night).days
        if age > JUDGED_DAYS or (age > KEPT_DAYS and week in seen):
            (place / f"{night:%Y-%m-%d}.parquet").unlink(missing_ok=True)
        else:
            seen.add(week)


def before(entity_id: str, day: date) -> tuple[date, pl.DataFrame] | None:
    """The night that a bridge to `day` begins with, and its items: a week before, so that their weeks are the same;
    two or three where that night was missed. None where none is kept."""
    for weeks in BRIDGE_WEEKS:
        night = day - timedelta(days=7 * weeks)
        if (items := items_of(entity_id, night)) is not None:
            return night, items
    return None


def items_of(entity_id: str, day: date) -> pl.DataFrame | None:
    """The items of a night; None where it is not kept any more."""
    path = folder(entity_id) / f"{day:%Y-%m-%d}.parquet"
    return pl.read_parquet(path) if path.exists() else None


def _nights(entity_id: str) -> list[date]:
    found = []
    for path in folder(entity_id).glob("*.parquet"):
        try:
            found.append(date.fromisoformat(path.stem))
        except ValueError:
            continue
    return found
