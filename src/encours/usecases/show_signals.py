"""Signals: who changed, who is later than ever usual, whom to leave alone and what that costs a year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum

from encours.store.models import Customer, Entity, Item, ItemPrediction, PayerProfile, PaymentModel, Signal
from encours.usecases.payment_habit import percent_of
from encours.usecases.viewing import Viewing

VIEWS = ("changed", "alone", "passed")
PAGE_ROWS = 60
#: A signal is new, or only just gone, for so many days.
NEW_DAYS = 7
_EVIDENCE = 4
#: Who is only beyond the own P90 has a list of its own: the others changed.
_PASSED = "p90_passed"
#: Columns that each view can be sorted by; the first is the default, its sign says which way.
SORTS = {
    "changed": ("-since_on", "name", "chance", "amount", "raised_on"),
    "alone": ("until_on", "name", "amount", "items", "cost"),
    "passed": ("-amount", "name", "items", "days_late", "chance"),
}


@dataclass(frozen=True)
class SignalFilter:
    """What is asked for; "" leaves it open. `state`: new or gone (changed only); `sort` with a minus: largest first."""

    view: str = "changed"
    text: str = ""
    kind: str = ""
    state: str = ""
    sort: str = ""
    page: int = 1

    @property
    def by(self) -> str:
        """The sort that holds: the view's own where none, or an unknown one, is asked for."""
        known = {name.lstrip("-") for name in SORTS[self.view]}
        return self.sort if self.sort.lstrip("-") in known else SORTS[self.view][0]


@dataclass(frozen=True)
class Evidence:
    """What a signal rests on: an item that can be opened, or words."""

    text: str
    item_id: str | None = None


@dataclass(frozen=True)
class SignalRow:
    """One customer of a list; what a view does not tell is None. Amounts in minor units of `currency`.

    `chance`: that the late money ends over a week beyond the payer's habit. `own_p90`: days after the due date by which
    nine payments in ten came.
    """

    customer_id: str
    entity_id: str
    name: str
    currency: str | None
    amount: int
    kind: str = ""
    profile: str = ""
    raised_on: date | None = None
    since_on: date | None = None
    gone_on: date | None = None
    chance: float | None = None
    sentence: str = ""
    items: int | None = None
    days_late: int | None = None
    own_p90: int | None = None
    payments: int | None = None
    until_on: date | None = None
    cost: int | None = None
    cost_currency: str | None = None
    is_new: bool = False
    named: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class SignalsPage:
    """The page: the rows of a view, how many each view has, what leaving alone costs a year by currency."""

    wanted: SignalFilter
    rows: list[SignalRow]
    count: int
    pages: int
    counts: dict[str, int]
    new: int
    costs: list[tuple[str, int]]
    rate: str
    kinds: list[str]
    entity_names: dict[str, str]
    as_of: date | None
    models: list[str] = field(default_factory=list)


def show_signals(viewing: Viewing, wanted: SignalFilter) -> SignalsPage:
    """A page of signals as of the last night; today's, whatever day is looked at."""
    viewing = _today(viewing)
    wanted = wanted if wanted.view in VIEWS else replace(wanted, view=VIEWS[0])
    rows = list_signals(viewing, wanted)
    pages = max(1, -(-len(rows) // PAGE_ROWS))
    page = min(max(1, wanted.page), pages)
    cut = rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    standing = viewing.rows(Signal).filter(gone_on__isnull=True).exclude(kind=_PASSED)
    alone = viewing.rows(PayerProfile).filter(alone_items__gt=0)
    costs = alone.filter(late_cost__gt=0).order_by().values("cost_currency").annotate(cost=Sum("late_cost"))
    told = alone.filter(late_cost__gt=0).order_by().values_list("figures__yearly_rate", flat=True)
    rates = {percent_of(rate) for rate in told.distinct()}
    models = list(PaymentModel.objects.filter(entity_id__in=viewing.entity_ids).values_list("as_of", "says"))
    return SignalsPage(
        wanted=replace(wanted, page=page),
        rows=_with_evidence(viewing, cut),
        count=len(rows),
        pages=pages,
        counts={
            "changed": standing.count(),
            "alone": alone.count(),
            "passed": _passed_rows(viewing).count(),
        },
        new=standing.filter(_since(viewing)).count(),
        costs=sorted((row["cost_currency"], row["cost"]) for row in costs),
        rate="–".join(sorted(rates, key=int)),
        kinds=sorted(set(standing.order_by().values_list("kind", flat=True))),
        entity_names=dict(viewing.rows(Entity).values_list("entity_id", "name")),
        as_of=max((as_of for as_of, _ in models), default=None),
        models=sorted({says for _, says in models}),
    )


def list_signals(viewing: Viewing, wanted: SignalFilter) -> list[SignalRow]:
    """The whole list of a view, filtered and sorted: what an export writes."""
    viewing = _today(viewing)
    found = {"changed": _changed, "alone": _alone, "passed": _passed}[wanted.view](viewing, wanted)
    text = wanted.text.lower()
    kept = [row for row in found if not text or text in row.name.lower() or text in row.customer_id.lower()]
    return _sorted(kept, wanted.by)


def _today(viewing: Viewing) -> Viewing:
    return Viewing(viewing.actor, viewing.entity_ids, viewing.today)


def _sorted(rows: list[SignalRow], by: str) -> list[SignalRow]:
    """By a column, what it does not know last; the dearest first among equals."""
    name, descending = by.lstrip("-"), by.startswith("-")
    rows = sorted(rows, key=lambda row: (-row.amount, row.customer_id, row.kind))
    known = [row for row in rows if getattr(row, name) is not None]
    known.sort(key=lambda row: getattr(row, name), reverse=descending)
    return [*known, *(row for row in rows if getattr(row, name) is None)]


def _changed(viewing: Viewing, wanted: SignalFilter) -> list[SignalRow]:
    rows = viewing.rows(Signal).exclude(kind=_PASSED)
    since = viewing.today - timedelta(days=NEW_DAYS)
    if wanted.state == "gone":
        rows = rows.filter(gone_on__gt=since)
    else:
        rows = rows.filter(gone_on__isnull=True)
        rows = rows.filter(_since(viewing)) if wanted.state == "new" else rows
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    names = _names(viewing, rows)
    profiles = dict(
        viewing.rows(PayerProfile)
        .filter(customer_id__in=rows.values("customer_id"))
        .values_list("customer_id", "profile")
    )
    return [
        SignalRow(
            customer_id=row.customer_id, entity_id=row.entity_id, name=names.get(row.customer_id, row.customer_id),
            currency=row.currency, amount=row.amount, kind=row.kind, profile=profiles.get(row.customer_id, ""),
            raised_on=row.raised_on, since_on=row.since_on or row.raised_on, gone_on=row.gone_on, chance=row.chance,
            sentence=row.sentence, is_new=(row.since_on or row.raised_on) > since, named=tuple(row.evidence),
        )
        for row in rows
    ]  # fmt: skip


def _since(viewing: Viewing) -> Q:
    """Signals about something of the last days: what the first night finds is not all new."""
    since = viewing.today - timedelta(days=NEW_DAYS)
    return Q(since_on__gt=since) | Q(since_on__isnull=True, raised_on__gt=since)


def _alone(viewing: Viewing, wanted: SignalFilter) -> list[SignalRow]:
    rows = viewing.rows(PayerProfile).filter(alone_items__gt=0)
    names = _names(viewing, rows)
    return [
        SignalRow(
            customer_id=row.customer_id, entity_id=row.entity_id, name=names.get(row.customer_id, row.customer_id),
            currency=row.currency, amount=row.alone_amount, profile=row.profile, items=row.alone_items,
            until_on=row.alone_until_on, own_p90=_ceiling(row.figures.get("delay_p90")), payments=row.payments,
            cost=row.late_cost, cost_currency=row.cost_currency, sentence=row.why,
        )
        for row in rows
    ]  # fmt: skip


def _passed_rows(viewing: Viewing) -> QuerySet[Any]:
    """The customers with items beyond their payer's own P90, by currency."""
    rows = viewing.rows(ItemPrediction).filter(kind=_PASSED).order_by()
    grouped: QuerySet[Any] = rows.values("customer_id", "entity_id", "currency").annotate(
        amount=Sum("open"), items=Count("pk"), days_late=Max("days_late"), own_p90=Max("own_p90"),
        chance=Max("p_abnormal"), payments=Max("payments"),
    )  # fmt: skip
    return grouped


def _passed(viewing: Viewing, wanted: SignalFilter) -> list[SignalRow]:
    grouped = list(_passed_rows(viewing))
    passed = viewing.rows(ItemPrediction).filter(kind=_PASSED)
    names = _names(viewing, passed)
    said = dict(viewing.rows(PayerProfile).filter(customer_id__in=passed.values("customer_id"))
                .values_list("customer_id", "profile"))  # fmt: skip
    named: dict[tuple[str, str], list[str]] = {}
    for customer_id, currency, item_id in passed.order_by("-open").values_list("customer_id", "currency", "item_id"):
        named.setdefault((customer_id, currency), []).append(item_id)
    return [
        SignalRow(
            **row, name=names.get(row["customer_id"], row["customer_id"]), profile=said.get(row["customer_id"], ""),
            named=tuple(named[row["customer_id"], row["currency"]]),
        )
        for row in grouped
    ]  # fmt: skip


def _names(viewing: Viewing, rows: QuerySet[Any]) -> dict[str, str]:
    wanted = Q(customer_id__in=rows.order_by().values("customer_id"))
    return dict(viewing.facts(Customer).filter(wanted).values_list("customer_id", "name"))


def _with_evidence(viewing: Viewing, rows: list[SignalRow]) -> list[SignalRow]:
    """Rows with what they rest on, by number; items that may not be seen are not named."""
    wanted = {one for row in rows for one in row.named[:_EVIDENCE]}
    numbers = dict(viewing.facts(Item).filter(item_id__in=wanted).values_list("item_id", "number"))
    return [replace(row, evidence=tuple(_evidence(row.named, numbers))) for row in rows]


def _evidence(named: Iterable[str], numbers: dict[str, str]) -> Iterable[Evidence]:
    for one in list(named)[:_EVIDENCE]:
        if one in numbers:
            yield Evidence(numbers[one], one)


def _ceiling(days: float | None) -> int | None:
    return None if days is None else int(-(-days // 1))
