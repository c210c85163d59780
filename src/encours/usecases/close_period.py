"""Arrêté: seals an entity's month with its aged balance and cadrage; reopening is a reasoned, audited act."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

import polars as pl
from django.conf import settings
from django.db import transaction

from encours.core.base.issue import CallError
from encours.core.cadrage.closing import changes_since, open_positions, seal_digest
from encours.core.metrics import Ageing, ageing
from encours.store import audit, bulk, parquet
from encours.store.models import Closing, ClosingBalance
from encours.usecases import clock
from encours.usecases.manage_settings import setting
from encours.usecases.rights import Actor, require, require_whole
from encours.usecases.tie_ledger import book_on, tie_ledger


@dataclass(frozen=True)
class ClosingSeen:
    """A closing as it is looked at: whether its seal holds, and what changed on its day since (`changes_since`)."""

    closing: Closing
    intact: bool
    changes: pl.DataFrame


def close_period(actor: Actor, entity_id: str, month: date, accept_gap: str = "") -> Closing:
    """Seals the month that `month` falls in. With a gap in the cadrage only for a reason (`accept_gap`).

    Raises NotAllowedError, or CallError: the month is not over, is sealed already, or does not tie.
    """
    require_whole(actor, entity_id, "close_period")
    require(actor, "close_period", entity_id)
    end = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    if end >= clock.today():
        raise CallError([f"{end:%m/%Y} is not over"])
    with transaction.atomic():
        # Before anything is read: what is booked from here on waits, and is in the next month's figures or in none.
        parquet.lock_entity(entity_id)
        return _seal(actor, entity_id, end, accept_gap)


def _seal(actor: Actor, entity_id: str, end: date, accept_gap: str) -> Closing:
    """The month as it stands under the lock: its cadrage, its positions and its aged balance are of one book."""
    tied = tie_ledger(actor, entity_id, end)
    if faults := _faults(entity_id, end, tied.ties, accept_gap):
        raise CallError(faults)
    book = book_on(entity_id, end)
    positions = open_positions(book)
    digest = seal_digest(positions)
    limits = tuple(setting("ageing.limits", entity_id, end))
    aged = ageing(book, end, "booked", setting("ageing.by", entity_id, end), limits)
    _write_once(positions, _path(entity_id, end, digest))
    closing = Closing.objects.create(
        entity_id=entity_id,
        month=end,
        sealed_at=clock.now(),
        sealed_by=actor.user,
        why=accept_gap,
        scope={language: aged.sentence(language) for language in ("fr", "en")},
        cadrage=tied.accounts.to_dicts(),
        digest=digest,
    )
    bulk.insert(ClosingBalance, _balances(aged, closing.pk))
    audit.append(
        clock.now(),
        actor.name,
        "close_period",
        entity_id=entity_id,
        subject=f"closing:{closing.pk}",
        after={"month": end, "digest": digest, "customers": aged.frame.height, "ties": tied.ties},
        why=accept_gap,
    )
    return closing


def reopen_period(actor: Actor, closing_id: int, why: str) -> Closing:
    """Opens a sealed month again; the sealed figures stay as they were. A reason is asked (CallError)."""
    found = Closing.objects.filter(pk=closing_id).first()
    if found is None:
        raise CallError([f"there is no closing {closing_id}"])
    require_whole(actor, found.entity_id, "reopen_period")
    require(actor, "reopen_period", found.entity_id)
    if not why.strip():
        raise CallError(["say why the month is opened again"])
    with transaction.atomic():
        closing = Closing.objects.select_for_update().get(pk=closing_id)
        if closing.state != "sealed":
            raise CallError([f"{closing.month:%m/%Y} of {closing.entity_id} is open already"])
        closing.state, closing.reopened_at, closing.reopened_by = "reopened", clock.now(), actor.user
        closing.save(update_fields=["state", "reopened_at", "reopened_by"])
        audit.append(
            clock.now(),
            actor.name,
            "reopen_period",
            entity_id=closing.entity_id,
            subject=f"closing:{closing.pk}",
            before={"digest": closing.digest},
            why=why.strip(),
        )
    return closing


def see_closing(actor: Actor, closing_id: int) -> ClosingSeen:
    """A closing, whether its sealed positions still bear its digest, and what changed on its day since."""
    closing = Closing.objects.filter(pk=closing_id).first()
    if closing is None:
        raise CallError([f"there is no closing {closing_id}"])
    require_whole(actor, closing.entity_id)
    now = open_positions(book_on(closing.entity_id, closing.month))
    try:
        sealed = pl.read_parquet(_path(closing.entity_id, closing.month, closing.digest))
    except (OSError, pl.exceptions.PolarsError):
        return ClosingSeen(closing, False, changes_since(now, now))
    return ClosingSeen(closing, seal_digest(sealed) == closing.digest, changes_since(sealed, now))


def _faults(entity_id: str, end: date, ties: bool, accept_gap: str) -> list[str]:
    faults = []
    if _sealed(entity_id, end):
        faults.append(f"{end:%m/%Y} of {entity_id} is sealed already")
    if not ties and not accept_gap.strip():
        faults.append("the cadrage does not tie, or the ledger's balances are not known: give the reason to seal it so")
    return faults


def _balances(aged: Ageing, closing_id: int) -> pl.DataFrame:
    """Rows of ClosingBalance: the overdue buckets as one JSON text, so that other limits need no other table."""
    overdue = [name for name in aged.buckets if name != "not_due"]
    return aged.frame.select(
        "customer_id",
        "currency",
        "not_due",
        "credits",
        "advances",
        "unapplied",
        "total",
        buckets=pl.struct(overdue).struct.json_encode(),
        closing_id=pl.lit(closing_id),
    )


def _sealed(entity_id: str, end: date) -> bool:
    return Closing.objects.filter(entity_id=entity_id, month=end, state="sealed").exists()


def _path(entity_id: str, end: date, digest: str) -> Path:
    folder = Path(settings.HOME) / "closings" / quote(entity_id, safe="").replace(".", "%2E")
    return folder / f"{end.isoformat()}-{digest[:16]}.parquet"


def _write_once(positions: pl.DataFrame, path: Path) -> None:
    """Named by its content, written beside and moved: a death in between leaves nothing half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        beside = path.with_suffix(".part")
        positions.write_parquet(beside)
        beside.replace(path)
