"""Exporting decided allocations to the ERP: each line once, under an Encours id by which it is known again."""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db import transaction

from encours.core.base.money import exponent
from encours.core.entries import encours_id
from encours.store import audit, frames, parquet
from encours.store.models import Allocation, Export, ExportLine
from encours.store.rows import select
from encours.usecases import clock
from encours.usecases.entry_facts import not_acknowledged, not_elsewhere, not_exported
from encours.usecases.rights import Actor, NotAllowedError, require

#: Columns of the file, in order: a ledger's names, ISO dates, amounts with the currency's decimals.
COLUMNS = (
    "encours_id",
    "customer",
    "ledger_account",
    "item_number",
    "item_id",
    "receipt_id",
    "booked_on",
    "allocated_on",
    "kind",
    "amount",
    "currency",
)


@dataclass(frozen=True)
class Exported:
    """The export's record and the file it stands in."""

    row: Export
    file: Path


def export_allocations(actor: Actor, entity_id: str) -> Exported | None:
    """Writes what was decided here, stands, and was not exported before; None where there is nothing.

    Raises NotAllowedError (no right, over the limit, a portfolio shows only a part).
    """
    require(actor, "export", entity_id)
    if entity_id in actor.portfolios:
        raise NotAllowedError("export", entity_id, "portfolio")
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        rows = _waiting(entity_id)
        if not rows.height:
            return None
        total = int(rows["amount"].sum())
        permission = require(actor, "export", entity_id, total)
        if permission.second_signature:
            raise NotAllowedError("export", entity_id, permission.why)
        text = rows.select(_cells()).write_csv()
        file, digest = _keep(text.encode("utf-8"))
        row = Export.objects.create(
            entity_id=entity_id,
            user=actor.user,
            kind="allocations",
            path=file.relative_to(settings.HOME).as_posix(),
            sha256=digest,
            lines=rows.height,
            total=total,
            exported_at=clock.now(),
        )
        ids = rows["allocation_id"].to_list()
        ExportLine.objects.bulk_create(
            [ExportLine(export=row, encours_id=encours_id(one), allocation_id=one) for one in ids], batch_size=1_000
        )
        after = {"export": row.pk, "lines": rows.height, "total": total, "sha256": digest}
        audit.append(clock.now(), actor.name, "export_allocations", entity_id=entity_id, after=after)
    return Exported(row, file)


def _waiting(entity_id: str) -> pl.DataFrame:
    columns = ["allocation_id", "item_id", "receipt_id", "allocated_on", "kind", "amount"]
    where = "t.entity_id = %s AND t.is_current AND t.reversed_on IS NULL AND t.source LIKE %s"
    where += f" AND {not_exported()} AND {not_acknowledged()}"
    where += f" AND {not_elsewhere()}"
    rows = select(Allocation, columns, where, [entity_id, "encours:%"])
    wanted = ["item_id", "customer_id", "ledger_account", "number", "currency"]
    items = frames.versions("items", rows["item_id"], wanted, current=True)
    receipts = frames.versions("receipts", rows["receipt_id"], ["receipt_id", "booked_on"], current=True)
    joined = rows.join(items, on="item_id", how="left", maintain_order="left")
    return joined.join(receipts, on="receipt_id", how="left", maintain_order="left")


def _cells() -> list[pl.Expr]:
    scale = pl.col("currency").map_elements(exponent, return_dtype=pl.Int64)
    digits = pl.col("amount").abs().cast(pl.String).str.zfill(5)
    cents = digits.str.len_chars() - scale
    point = pl.when(scale > 0).then(pl.lit(".") + digits.str.slice(cents)).otherwise(pl.lit(""))
    whole = digits.str.head(cents).str.strip_chars_start("0")
    whole = pl.when(whole == "").then(pl.lit("0")).otherwise(whole)
    sign = pl.when(pl.col("amount") < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    made = {
        "encours_id": pl.col("allocation_id").map_elements(encours_id, return_dtype=pl.String),
        "customer": pl.col("customer_id").str.split(":").list.slice(1).list.join(":"),
        "item_number": pl.col("number"),
        "amount": sign + whole + point,
    }
    return [made.get(name, pl.col(name)).alias(name) for name in COLUMNS]


def _keep(content: bytes) -> tuple[Path, str]:
    digest = hashlib.sha256(content).hexdigest()
    file = Path(settings.HOME) / "exports" / f"allocations-{uuid.uuid4().hex[:12]}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return file, digest
