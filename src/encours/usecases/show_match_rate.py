"""The match rate by month: by receipt, by line and by value; automatic and total, with its definition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.days import add_months
from encours.core.metrics.match_rate import HOWS, definition, match_rate
from encours.store.models import Allocation, Entity, NotCustomer, Proposal, Receipt
from encours.usecases.apply_receipts import RUN
from encours.usecases.hand_match import RULE
from encours.usecases.merge.meet_letters import OWN_SOURCE
from encours.usecases.viewing import Viewing

MONTHS = 12
_RECEIPT = {
    "receipt_id": pl.String(),
    "entity_id": pl.String(),
    "currency": pl.String(),
    "booked_on": pl.Date(),
    "amount": pl.Int64(),
    "unapplied": pl.Int64(),
}
_LINE = {"receipt_id": pl.String(), "amount": pl.Int64(), "receipt_amount": pl.Int64(), "source": pl.String()}


@dataclass(frozen=True)
class Counts:
    """What there was, what of it is matched, and in which way; minor units for values."""

    all: int
    matched: int
    automatic: int
    confirmed: int
    by_hand: int
    ledger: int

    @property
    def rate(self) -> float | None:
        """The share that is matched; None of nothing."""
        return self.matched / self.all if self.all else None

    @property
    def automatic_rate(self) -> float | None:
        """The share that was matched by itself; None of nothing."""
        return self.automatic / self.all if self.all else None


@dataclass(frozen=True)
class MatchRateRow:
    """One month of one entity and currency."""

    entity_id: str
    entity_name: str
    currency: str
    month: date
    receipts: Counts
    lines: Counts
    value: Counts


@dataclass(frozen=True)
class MatchRatePage:
    """The rows by entity, currency and month, and what is counted."""

    rows: tuple[MatchRateRow, ...]
    definition_en: str
    definition_fr: str


def show_match_rate(viewing: Viewing, months: int = MONTHS) -> MatchRatePage:
    """The rates of the last months up to the viewing's day, as the receipts stand today, as far as the actor sees."""
    since = add_months(viewing.day.replace(day=1), 1 - months)
    marked = NotCustomer.objects.filter(entity_id__in=viewing.entity_ids).values("receipt_id")
    rows = viewing.facts(Receipt).filter(amount__gt=0, booked_on__gte=since, booked_on__lte=viewing.day)
    rows = rows.exclude(kind="out").exclude(receipt_id__in=marked)
    receipts = pl.DataFrame(list(rows.values_list(*_RECEIPT)), schema=_RECEIPT, orient="row")
    cash = Allocation.objects.filter(
        entity_id__in=viewing.entity_ids, is_current=True, reversed_on__isnull=True, kind="cash"
    ).filter(receipt_id__in=rows.values("receipt_id"))
    lines = pl.DataFrame(list(cash.values_list(*_LINE)), schema=_LINE, orient="row")
    counted = match_rate(receipts, _with_how(lines))
    names = dict(Entity.objects.filter(pk__in=viewing.entity_ids).values_list("pk", "name"))
    return MatchRatePage(
        tuple(_row(row, names) for row in counted.iter_rows(named=True)), definition("en"), definition("fr")
    )


def _row(row: dict[str, object], names: dict[str, str]) -> MatchRateRow:
    def counts(part: str) -> Counts:
        figures = [row[part], row[f"{part}_matched"], *(row[f"{part}_{how}"] for how in HOWS)]
        return Counts(*(int(str(figure)) for figure in figures))

    entity_id, month = str(row["entity_id"]), row["month"]
    assert isinstance(month, date)
    name = names.get(entity_id, entity_id)
    return MatchRateRow(
        entity_id, name, str(row["currency"]), month, counts("receipts"), counts("lines"), counts("value")
    )


def _with_how(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with what they use of the receipt and the way in which they were matched."""
    number = pl.col("source").str.strip_prefix(OWN_SOURCE).cast(pl.Int64, strict=False)
    own = pl.col("source").str.starts_with(OWN_SOURCE)
    numbered = lines.with_columns(proposal=pl.when(own).then(number))
    ways = _ways(numbered["proposal"].drop_nulls().unique())
    how = pl.col("proposal").replace_strict(ways, default="confirmed", return_dtype=pl.String)
    return numbered.select(
        "receipt_id",
        amount=pl.coalesce("receipt_amount", "amount"),
        how=pl.when(pl.col("proposal").is_null()).then(pl.lit("ledger")).otherwise(how),
    )


def _ways(numbers: pl.Series) -> dict[int, str]:
    """Number of a proposal -> automatic or by_hand, for those that are."""
    if not numbers.len():
        return {}
    first, last = int(numbers.min()), int(numbers.max())  # type: ignore[arg-type]  # whole numbers, not empty
    near = Proposal.objects.filter(pk__gte=first, pk__lte=last)
    ways = dict.fromkeys(near.filter(run__name=RUN).values_list("pk", flat=True), "automatic")
    return ways | dict.fromkeys(near.filter(rule=RULE).values_list("pk", flat=True), "by_hand")
