"""What is kept of an entity's predictions beside its database: Parquet under one manifest, read without engines."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import polars as pl
from django.conf import settings

from encours.store.models import FactStamp

#: Payments that customers decided on; `delay_days` from the due date.
PAID_SCHEMA: dict[str, pl.DataType] = {
    "customer_id": pl.String(),
    "item_id": pl.String(),
    "paid_on": pl.Date(),
    "due_on": pl.Date(),
    "delay_days": pl.Int64(),
    "amount": pl.Int64(),
    "currency": pl.String(),
}


def stamp_of(entity_id: str) -> str:
    """The state of the entity's facts: changes with every import and every decision."""
    newest = FactStamp.objects.filter(entity_id=entity_id).order_by("-number").values_list("number", "token").first()
    return f"{newest[0]}-{newest[1]}" if newest else "0"


def write_files(entity_id: str, name: str, parts: Mapping[str, pl.DataFrame]) -> None:
    """Keeps frames as the entity's latest under a name; a process killed here leaves the last ones."""
    folder = _folder(entity_id)
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for part, frame in parts.items():
        path = folder / f"{part}-{uuid.uuid4().hex}.parquet"
        frame.write_parquet(path, compression="lz4")
        files[part] = path.name
    draft = folder / f"manifest-{uuid.uuid4().hex}.part"
    with draft.open("w") as out:
        json.dump({"name": name, "files": files}, out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(folder / "manifest.json")
    for path in folder.iterdir():
        if path.suffix in (".parquet", ".part") and path.name not in files.values():
            path.unlink(missing_ok=True)


def read_files(entity_id: str, name: str, parts: Sequence[str]) -> list[pl.DataFrame] | None:
    """The frames kept under this name; None where others are kept, or none, or one is torn."""
    folder = _folder(entity_id)
    try:
        held = json.loads((folder / "manifest.json").read_text())
        if held["name"] != name:
            return None
        return [pl.read_parquet(folder / held["files"][part]) for part in parts]
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError):
        return None


def paid_by(entity_id: str, customer_ids: Sequence[str]) -> pl.DataFrame:
    """PAID_SCHEMA of some customers as last kept, in the order of payment; empty where nothing is kept."""
    folder = _folder(entity_id)
    try:
        held = json.loads((folder / "manifest.json").read_text())
        rows = pl.scan_parquet(folder / held["files"]["paid"])
        return rows.filter(pl.col("customer_id").is_in(list(customer_ids))).collect().sort("paid_on", "item_id")
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError):
        return pl.DataFrame(schema=PAID_SCHEMA)


def _folder(entity_id: str) -> Path:
    return Path(settings.HOME) / "expected" / f"entity-{quote(entity_id, safe='').replace('.', '%2E')}"
