"""Every difference of the matches that stand, with its cause, proof and owner: by cause, by customer, by month."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from encours.core.matching.differences import causes
from encours.store.models import Customer, Decision, DifferenceLine, Entity, Item, Proposal, Receipt
from encours.usecases.viewing import Viewing

PAGE_ROWS = 60
GROUPS = ("cause", "customer", "month", "owner")
#: Differences are few beside receipts; beyond so many the page sums the latest and says so.
_MOST = 50_000


@dataclass(frozen=True)
class DifferenceFilter:
    """What is asked for; "" leaves it open. `month` is YYYY-MM; `state`: booked or open."""

    cause: str = ""
    customer_id: str = ""
    month: str = ""
    owner: str = ""
    state: str = ""
    by: str = "cause"
    page: int = 1


@dataclass(frozen=True)
class DifferenceRow:
    """One difference. `amount` in minor units of `currency`, below zero for a gain; `worth` what of it the entity gave
    up, in its own currency (None: no rate is known). `open`: left open on its item, for `owner` to clear."""

    difference_id: int
    entity_id: str
    entity_name: str
    entity_currency: str
    decided_on: date | None
    cause: str
    amount: int
    currency: str
    worth: int | None
    open: bool
    account: str
    owner: str
    proof: str
    outside: str
    receipt_id: str
    payer_name: str
    item_id: str
    item_number: str
    customer_id: str
    customer_name: str


@dataclass(frozen=True)
class GroupRow:
    """Differences that are alike in one currency: `key` narrows the page to them. `booked` and `open` make `amount`."""

    key: str
    name: str
    currency: str
    count: int
    amount: int
    booked: int
    open: int


@dataclass(frozen=True)
class DifferencesPage:
    """The page: sums by what was asked for, then the differences themselves, the latest first."""

    wanted: DifferenceFilter
    groups: list[GroupRow]
    rows: list[DifferenceRow]
    totals: list[tuple[str, int, int, int]]  # currency, how many, booked, open
    given_up: list[tuple[str, int]]  # entity currency, what was given up
    months: list[str]
    cut: bool
    has_next: bool
    empty_book: bool  # no difference at all, whatever the filters
    customer_name: str = ""


@dataclass(frozen=True)
class _Read:
    rows: list[dict[str, Any]]
    items: dict[str, tuple[str, str, str]]
    cut: bool


def show_all_differences(viewing: Viewing, wanted: DifferenceFilter) -> DifferencesPage:
    """A page of differences and their sums."""
    viewing = _today(viewing)
    read = _read(viewing)
    months = sorted({_month(row) for row in read.rows} - {""}, reverse=True)
    kept = [row for row in read.rows if _fits(row, wanted, read.items)]
    page = max(1, wanted.page)
    cut = kept[(page - 1) * PAGE_ROWS : page * PAGE_ROWS + 1]
    ids = {read.items[row["item_id"]][1] for row in kept if wanted.by == "customer"}
    names = _names(viewing, ids | {read.items[row["item_id"]][1] for row in cut} | {wanted.customer_id})
    entities = _entities(viewing)
    return DifferencesPage(
        wanted=wanted,
        groups=_groups(kept, read.items, wanted.by if wanted.by in GROUPS else GROUPS[0], names),
        rows=_dressed(viewing, cut[:PAGE_ROWS], read.items, names, entities),
        totals=_totals(kept, read.items),
        given_up=_given_up(kept, entities),
        months=months,
        cut=read.cut,
        has_next=len(cut) > PAGE_ROWS,
        empty_book=not read.rows,
        customer_name=names.get(wanted.customer_id, ""),
    )


def list_all_differences(viewing: Viewing, wanted: DifferenceFilter) -> list[DifferenceRow]:
    """All differences that fit, for a file."""
    viewing = _today(viewing)
    read = _read(viewing)
    kept = [row for row in read.rows if _fits(row, wanted, read.items)]
    names = _names(viewing, {read.items[row["item_id"]][1] for row in kept})
    return _dressed(viewing, kept, read.items, names, _entities(viewing))


def standing_differences(viewing: Viewing) -> QuerySet[DifferenceLine]:
    """The differences of matches that stand. What was left open and is cleared since (the item is settled, the money
    used) is no difference any more."""
    rows: QuerySet[DifferenceLine] = viewing.rows(DifferenceLine)
    rows = rows.filter(proposal__state=Proposal.State.ACCEPTED, item_id__isnull=False)
    settled = Item.objects.filter(item_id=OuterRef("item_id"), is_current=True, open=0)
    used = Receipt.objects.filter(receipt_id=OuterRef("proposal__receipt_id"), is_current=True, unapplied=0)
    return rows.exclude(Q(kind="", amount__gt=0) & Exists(settled)).exclude(Q(kind="", amount__lt=0) & Exists(used))


def cause_names() -> list[str]:
    """The causes there are, in the order of the policy."""
    return list(causes())


def _today(viewing: Viewing) -> Viewing:
    return Viewing(viewing.actor, viewing.entity_ids, viewing.today)


_COLUMNS = (
    "id",
    "entity_id",
    "cause",
    "kind",
    "amount",
    "worth",
    "account",
    "owner",
    "proof",
    "outside",
    "item_id",
    "proposal__receipt_id",
    "decided_at",
)


def _read(viewing: Viewing) -> _Read:
    """The latest differences of standing matches whose items the actor sees, and number, customer, currency of each."""
    rows = standing_differences(viewing)
    decided = Decision.objects.filter(proposal=OuterRef("proposal"), act="accept_match").order_by("-id")
    dated = rows.annotate(decided_at=Subquery(decided.values("decided_at")[:1])).order_by("-id")
    found = list(dated.values(*_COLUMNS)[: _MOST + 1])
    seen = viewing.facts(Item).filter(item_id__in=rows.values("item_id"))
    items = {one[0]: one[1:] for one in seen.values_list("item_id", "number", "customer_id", "currency")}
    return _Read([row for row in found[:_MOST] if row["item_id"] in items], items, len(found) > _MOST)


def _month(row: dict[str, Any]) -> str:
    return f"{row['decided_at']:%Y-%m}" if row["decided_at"] else ""


def _fits(row: dict[str, Any], wanted: DifferenceFilter, items: dict[str, tuple[str, str, str]]) -> bool:
    return (
        wanted.cause in ("", row["cause"])
        and wanted.owner in ("", row["owner"])
        and wanted.month in ("", _month(row))
        and wanted.customer_id in ("", items[row["item_id"]][1])
        and (not wanted.state or (wanted.state == "open") == (not row["kind"]))
    )


def _names(viewing: Viewing, ids: Iterable[str]) -> dict[str, str]:
    wanted = set(ids) - {""}
    rows = viewing.facts(Customer).filter(customer_id__in=wanted) if wanted else Customer.objects.none()
    return dict(rows.values_list("customer_id", "name"))


def _entities(viewing: Viewing) -> dict[str, tuple[str, str]]:
    rows = Entity.objects.filter(pk__in=viewing.entity_ids).values_list("entity_id", "name", "currency")
    return {one: (name, currency) for one, name, currency in rows}


def _groups(
    rows: list[dict[str, Any]], items: dict[str, tuple[str, str, str]], by: str, names: dict[str, str]
) -> list[GroupRow]:
    """The sums, the costliest first; months the latest first."""
    key_of: dict[str, Callable[[dict[str, Any]], str]] = {
        "cause": lambda row: str(row["cause"]),
        "owner": lambda row: str(row["owner"]),
        "customer": lambda row: items[row["item_id"]][1],
        "month": _month,
    }
    sums: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        held = sums.setdefault((key_of[by](row), items[row["item_id"]][2]), [0, 0, 0])
        held[0] += 1
        held[1 if row["kind"] else 2] += row["amount"]
    made = [
        GroupRow(key, names.get(key, key), currency, count, booked + left, booked, left)
        for (key, currency), (count, booked, left) in sums.items()
    ]
    if by == "month":
        return sorted(made, key=lambda one: (one.key, one.currency), reverse=True)
    return sorted(made, key=lambda one: (-abs(one.amount), one.key))


def _totals(rows: list[dict[str, Any]], items: dict[str, tuple[str, str, str]]) -> list[tuple[str, int, int, int]]:
    sums: dict[str, list[int]] = {}
    for row in rows:
        held = sums.setdefault(items[row["item_id"]][2], [0, 0, 0])
        held[0] += 1
        held[1 if row["kind"] else 2] += row["amount"]
    found = [(currency, count, booked, left) for currency, (count, booked, left) in sums.items()]
    return sorted(found, key=lambda one: -one[1])


def _given_up(rows: list[dict[str, Any]], entities: dict[str, tuple[str, str]]) -> list[tuple[str, int]]:
    sums: dict[str, int] = {}
    for row in rows:
        currency = entities.get(row["entity_id"], ("", "EUR"))[1]
        sums[currency] = sums.get(currency, 0) + (row["worth"] or 0)
    return sorted(((currency, amount) for currency, amount in sums.items() if amount), key=lambda one: -abs(one[1]))


def _dressed(
    viewing: Viewing,
    rows: list[dict[str, Any]],
    items: dict[str, tuple[str, str, str]],
    names: dict[str, str],
    entities: dict[str, tuple[str, str]],
) -> list[DifferenceRow]:
    ids = {row["proposal__receipt_id"] for row in rows}
    payers = dict(viewing.facts(Receipt).filter(receipt_id__in=ids).values_list("receipt_id", "payer_name"))
    made = []
    for row in rows:
        number, customer_id, currency = items[row["item_id"]]
        name, own = entities.get(row["entity_id"], (row["entity_id"], currency))
        made.append(
            DifferenceRow(
                difference_id=row["id"],
                entity_id=row["entity_id"],
                entity_name=name,
                entity_currency=own,
                decided_on=row["decided_at"].date() if row["decided_at"] else None,
                open=not row["kind"],
                currency=currency,
                receipt_id=row["proposal__receipt_id"],
                payer_name=payers.get(row["proposal__receipt_id"]) or "",
                item_number=number,
                customer_id=customer_id,
                customer_name=names.get(customer_id, customer_id),
                **{name: row[name] for name in _AS_THEY_ARE},
            )
        )
    return made


_AS_THEY_ARE = ("cause", "amount", "worth", "account", "owner", "proof", "outside", "item_id")
