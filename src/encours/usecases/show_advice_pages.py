"""Advices as a clerk reads them: which wait for their money, what each line pays, what is held because of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from encours.core.base.numbers import number_key
from encours.store.models import Advice, AdviceLine, AdviceReceipt, Customer, Entity, Item, Receipt
from encours.usecases.correct_advice import FOLLOW_ACT, READ_ACT
from encours.usecases.show_advices import HOLD_DAYS
from encours.usecases.viewing import Viewing

PAGE_ROWS = 60
#: Waiting for money, come, laid aside.
TABS = ("waiting", "came", "aside")
_LINES_SHOWN, _OFFERED, _KEYS_AT_ONCE, _CHOICES = 300, 300, 500, 40


@dataclass(frozen=True)
class AdviceRow:
    """An advice in the list. Amounts in minor units of its currency; `matched` of `lines` find an item.

    `expected_on`: the day the payer names, else the day it came in. `held`: how much of it reminders leave alone, until
    `held_until`; 0 where nothing is held, or no longer.
    """

    advice_id: str
    entity_id: str
    entity_name: str
    payer: str
    customer_id: str | None
    reference: str
    form: str
    source: str
    name: str
    currency: str
    total: int
    fee: int
    came: int
    expected_on: date
    received_on: date
    draft: bool
    dismissed: bool
    lines: int
    matched: int
    held: int
    held_items: int
    held_until: date
    late: int

    @property
    def left(self) -> int:
        """What is still to come."""
        return max(0, self.total - self.came)


@dataclass(frozen=True)
class AdvicesPage:
    """A page of a tab. `drafts`: read and not yet taken. `waiting`: (currency, how much is still to come)."""

    tab: str
    counts: dict[str, int]
    rows: list[AdviceRow]
    drafts: list[AdviceRow]
    waiting: list[tuple[str, int]]
    held: list[tuple[str, int]]
    page: int
    has_next: bool
    entities: list[tuple[str, str]]
    may_read: bool

    @property
    def is_empty(self) -> bool:
        """Whether nobody ever brought one."""
        return not any(self.counts.values()) and not self.drafts


@dataclass(frozen=True)
class LineRow:
    """A line and what it pays. `state`: open, more (it pays more than is open), settled, unknown, several.

    `parts`: how many due dates of one number it pays together; the item is then the first of them. `choices`: where
    several bear its number, (item_id, number, due day, what is open) of each.
    """

    line: int
    number: str
    amount: int
    deducted: int
    reason: str
    document_on: date | None
    state: str
    by_hand: bool
    item_id: str | None = None
    item_number: str = ""
    item_kind: str = ""
    customer_id: str | None = None
    customer_name: str = ""
    due_on: date | None = None
    open: int | None = None
    parts: int = 1
    choices: tuple[tuple[str, str, date | None, int], ...] = ()


@dataclass(frozen=True)
class CameRow:
    """A receipt that is the advice's money, by the last search."""

    receipt_id: str
    booked_on: date
    payer_name: str
    amount: int
    currency: str
    unapplied: int


@dataclass(frozen=True)
class ReadingIssue:
    """What the reader said of the file."""

    line: int | None
    message: str
    action: str


@dataclass(frozen=True)
class AdvicePage:
    """One advice. `apart`: its lines less the fee, less its total (0: they tie). `offered`: items to choose from."""

    row: AdviceRow
    lines: list[LineRow]
    more_lines: int
    receipts: list[CameRow]
    issues: list[ReadingIssue]
    text: str
    sum: int
    apart: int
    unmatched: int
    offered: list[tuple[str, date, int]]
    is_posted: bool
    may_read: bool
    may_follow: bool
    forms: tuple[str, ...] = field(default=tuple(Advice.Form.values))

    @property
    def may_correct(self) -> bool:
        """Whether lines can be corrected: nothing of it was posted and it is followed, or will be."""
        return self.may_read and not self.is_posted and not self.row.dismissed


def may_see_advices(viewing: Viewing) -> bool:
    """Whether the pages are this person's: whoever imports files or applies receipts somewhere."""
    return viewing.actor.may(FOLLOW_ACT, None).ok or viewing.actor.may(READ_ACT, None).ok


def show_advices(viewing: Viewing, tab: str = "", page: int = 1) -> AdvicesPage:
    """A page of advices: what is awaited first, the earliest expected first."""
    viewing, page = _today(viewing), max(1, page)
    taken = _dated(viewing).filter(draft=False)
    sets: dict[str, QuerySet[Any]] = {
        "waiting": taken.filter(dismissed=False, total__gt=F("came")).order_by("expected", "pk"),
        "came": taken.filter(dismissed=False, total__lte=F("came")).order_by("-expected", "-pk"),
        "aside": taken.filter(dismissed=True).order_by("-pk"),
    }
    counts = {name: rows.count() for name, rows in sets.items()}
    tab = tab if tab in TABS else next((name for name in TABS if counts[name]), TABS[0])
    found = list(sets[tab][(page - 1) * PAGE_ROWS : page * PAGE_ROWS + 1])
    drafts = list(_dated(viewing).filter(draft=True).order_by("-pk")[:20])
    rows = _rows(viewing, [*drafts, *found[:PAGE_ROWS]])
    left = sets["waiting"].order_by().values("currency").annotate(left=Sum(F("total") - F("came")))
    may = [one for one in viewing.actor.entities if viewing.actor.may(READ_ACT, one).ok]
    names = Entity.objects.filter(pk__in=may).order_by("name").values_list("entity_id", "name")
    shown = rows[len(drafts) :]
    return AdvicesPage(
        tab=tab,
        counts=counts,
        rows=shown,
        drafts=rows[: len(drafts)],
        waiting=sorted(((one["currency"], one["left"]) for one in left), key=lambda pair: -pair[1]),
        held=_sums((row.currency, row.held) for row in shown) if tab == "waiting" else [],
        page=page,
        has_next=len(found) > PAGE_ROWS,
        entities=[(one, name) for one, name in names if one in viewing.entity_ids] or list(names),
        may_read=bool(may),
    )


def show_advice(viewing: Viewing, advice_id: str) -> AdvicePage | None:
    """One advice with its lines; None where there is none that the actor may see."""
    viewing = _today(viewing.every_entity())
    advice = _dated(viewing).filter(advice_id=advice_id).first()
    if advice is None:
        return None
    lines = list(advice.lines.order_by("line"))
    items = _items(viewing, [advice], lines)
    told = [_line(line, items.get(line.pk, [])) for line in lines]
    people = {row.customer_id for row in told if row.customer_id}
    if advice.customer_id:
        people.add(advice.customer_id)
    names = dict(viewing.facts(Customer).filter(customer_id__in=people).values_list("customer_id", "name"))
    told = [_named(row, names) for row in told]
    whole = sum(line.amount for line in lines)
    receipts = _receipts(viewing, advice)
    actor, entity_id = viewing.actor, str(advice.entity_id)
    return AdvicePage(
        row=_row(viewing, advice, told, names, _entity_names(viewing)),
        lines=told[:_LINES_SHOWN],
        more_lines=max(0, len(told) - _LINES_SHOWN),
        receipts=receipts,
        issues=[ReadingIssue(one["line"], one["message"], one["action"] or "") for one in advice.issues],
        text=advice.text,
        sum=whole,
        apart=whole - advice.fee - advice.total,
        unmatched=sum(row.state in ("unknown", "several") for row in told),
        offered=_offered(viewing, advice, people),
        is_posted=any(row.unapplied != row.amount for row in receipts),
        may_read=actor.may(READ_ACT, entity_id).ok,
        may_follow=actor.may(FOLLOW_ACT, entity_id).ok,
    )


@dataclass(frozen=True)
class AdviceLink:
    """An advice in one line: `total` in minor units of its currency."""

    advice_id: str
    lines: int
    total: int
    currency: str


def advice_of_receipt(viewing: Viewing, receipt_id: str) -> AdviceLink | None:
    """The advice that explains a receipt, by the last search; None where none does."""
    rows = viewing.every_entity().rows(Advice).filter(draft=False, dismissed=False, receipts__receipt_id=receipt_id)
    found = rows.annotate(count=Count("lines")).values_list("advice_id", "count", "total", "currency").first()
    return None if found is None else AdviceLink(*found)


def _today(viewing: Viewing) -> Viewing:
    """What is awaited is what is awaited today, whatever day the pages show."""
    return Viewing(viewing.actor, viewing.entity_ids, viewing.today)


def _dated(viewing: Viewing) -> QuerySet[Any]:
    """The advices with what came (`came`) and the day on which they are expected (`expected`)."""
    came = AdviceReceipt.objects.filter(advice=OuterRef("pk")).order_by().values("advice").annotate(s=Sum("amount"))
    rows: QuerySet[Any] = viewing.rows(Advice).annotate(
        came=Coalesce(Subquery(came.values("s")[:1]), Value(0)), expected=Coalesce("paid_on", "received_on")
    )
    return rows


def _rows(viewing: Viewing, advices: Sequence[Advice]) -> list[AdviceRow]:
    if not advices:
        return []
    lines = list(AdviceLine.objects.filter(advice__in=advices).order_by("advice_id", "line"))
    items = _items(viewing, advices, lines)
    own: dict[int, list[LineRow]] = {}
    for line in lines:
        own.setdefault(line.advice_id, []).append(_line(line, items.get(line.pk, [])))
    people = {advice.customer_id for advice in advices if advice.customer_id}
    names = dict(viewing.facts(Customer).filter(customer_id__in=people).values_list("customer_id", "name"))
    entities = _entity_names(viewing)
    return [_row(viewing, advice, own.get(advice.pk, []), names, entities) for advice in advices]


def _entity_names(viewing: Viewing) -> dict[str, str]:
    return dict(Entity.objects.filter(pk__in=viewing.entity_ids).values_list("entity_id", "name"))


def _row(
    viewing: Viewing, advice: Any, lines: Sequence[LineRow], names: dict[str, str], entities: dict[str, str]
) -> AdviceRow:
    until = advice.expected + timedelta(days=HOLD_DAYS)
    waits = not advice.draft and not advice.dismissed and advice.total > advice.came
    held = [one for one in lines if one.state in ("open", "more") and one.amount > 0]
    held = held if waits and viewing.today <= until else []
    return AdviceRow(
        advice_id=advice.advice_id,
        entity_id=str(advice.entity_id),
        entity_name=entities.get(str(advice.entity_id), str(advice.entity_id)),
        payer=advice.payer_name or names.get(advice.customer_id or "", ""),
        customer_id=advice.customer_id if advice.customer_id in names else None,
        reference=advice.reference or "",
        form=advice.form,
        source=advice.source,
        name=advice.name,
        currency=advice.currency,
        total=advice.total,
        fee=advice.fee,
        came=advice.came,
        expected_on=advice.expected,
        received_on=advice.received_on,
        draft=advice.draft,
        dismissed=advice.dismissed,
        lines=len(lines),
        matched=sum(one.state not in ("unknown", "several") for one in lines),
        held=sum(one.open or 0 for one in held),
        held_items=sum(one.parts for one in held),
        held_until=until,
        late=max(0, (viewing.today - advice.expected).days) if waits else 0,
    )


_ITEM = ("item_id", "number", "number_key", "kind", "entity_id", "customer_id", "due_on", "open", "currency")


def _items(viewing: Viewing, advices: Sequence[Any], lines: Sequence[AdviceLine]) -> dict[int, list[dict[str, Any]]]:
    """Line -> the items that it may pay: the one that a person named, else those that bear its number.

    Of several, those of the advice's own customer, then those that are open.
    """
    keys = dict(zip((line.pk for line in lines), _keys([line.number for line in lines]), strict=True))
    tied = {line.item_id for line in lines if line.item_id}
    by_key: dict[tuple[str, str], list[dict[str, Any]]] = {}
    by_id: dict[str, dict[str, Any]] = {}
    for item in _read_items(viewing, {key for key in keys.values() if key}, tied):
        by_id[item["item_id"]] = item
        by_key.setdefault((item["entity_id"], item["number_key"]), []).append(item)
    heads = {advice.pk: advice for advice in advices}
    found: dict[int, list[dict[str, Any]]] = {}
    for line in lines:
        if line.item_id in by_id:
            found[line.pk] = [by_id[line.item_id]]
            continue
        advice = heads[line.advice_id]
        rows = by_key.get((str(advice.entity_id), keys[line.pk] or ""), [])
        rows = [row for row in rows if row["customer_id"] == advice.customer_id] or rows
        found[line.pk] = [row for row in rows if row["open"]] or rows
    return found


def _keys(numbers: list[str | None]) -> list[str | None]:
    frame = pl.DataFrame({"number": numbers}, schema={"number": pl.String})
    return frame.select(number_key(pl.col("number"))).to_series().to_list()


def _read_items(viewing: Viewing, keys: set[str], tied: set[str]) -> Iterable[dict[str, Any]]:
    wanted = sorted(keys)
    for start in range(0, len(wanted), _KEYS_AT_ONCE):
        part = wanted[start : start + _KEYS_AT_ONCE]
        yield from viewing.facts(Item).filter(number_key__in=part).order_by("item_id").values(*_ITEM)
    if tied:
        yield from viewing.facts(Item).filter(item_id__in=tied).order_by("item_id").values(*_ITEM)


def _paid(items: Sequence[dict[str, Any]], wanted: int) -> list[dict[str, Any]]:
    """What a line pays among the items of its number: the only one, all due dates that make it, the one that does."""
    rows = list({item["item_id"]: item for item in items}.values())
    if len(rows) < 2 or len({row["customer_id"] for row in rows}) > 1:
        return rows
    if sum(row["open"] for row in rows) == wanted:
        return sorted(rows, key=lambda row: (row["due_on"], row["item_id"]))
    same = [row for row in rows if row["open"] == wanted]
    return same if len(same) == 1 else rows


def _line(line: AdviceLine, items: Sequence[dict[str, Any]]) -> LineRow:
    wanted = line.amount + line.deducted
    paid = _paid(items, wanted)
    together = len(paid) > 1 and sum(row["open"] for row in paid) == wanted
    alone = {**paid[0], "open": wanted} if together else paid[0] if len(paid) == 1 else None
    if alone is None:
        state = "several" if items else "unknown"
    elif not alone["open"]:
        state = "settled"
    else:
        fits = alone["open"] * wanted > 0 and abs(wanted) <= abs(alone["open"])
        state = "open" if fits else "more"
    more: dict[str, Any] = {}
    if alone is not None:
        more = {name: alone[name] for name in ("item_id", "customer_id", "due_on", "open")}
        more |= {"item_number": alone["number"], "item_kind": alone["kind"], "parts": len(paid)}
    else:
        told = sorted(paid, key=lambda row: (row["due_on"], row["item_id"]))[:_CHOICES]
        more["choices"] = tuple((row["item_id"], row["number"], row["due_on"], row["open"]) for row in told)
    return LineRow(
        line=line.line,
        number=line.number or "",
        amount=line.amount,
        deducted=line.deducted,
        reason=line.reason or "",
        document_on=line.document_on,
        state=state,
        by_hand=line.item_id is not None,
        **more,
    )


def _named(row: LineRow, names: dict[str, str]) -> LineRow:
    return LineRow(**{**row.__dict__, "customer_name": names.get(row.customer_id or "", "")})


def _receipts(viewing: Viewing, advice: Advice) -> list[CameRow]:
    ties = dict(AdviceReceipt.objects.filter(advice=advice).values_list("receipt_id", "amount"))
    names = ("receipt_id", "booked_on", "payer_name", "amount", "currency", "unapplied")
    rows = viewing.facts(Receipt).filter(receipt_id__in=list(ties)).order_by("booked_on").values(*names)
    return [CameRow(**{**row, "payer_name": row["payer_name"] or ""}) for row in rows]


def _offered(viewing: Viewing, advice: Advice, people: set[str]) -> list[tuple[str, date, int]]:
    """Number, due day and what is open of the customer's items: what a line may pay."""
    rows = viewing.facts(Item).filter(~Q(open=0), entity_id=advice.entity_id, customer_id__in=people)
    rows = rows.filter(currency=advice.currency).order_by("due_on", "item_id")
    return list(rows.values_list("number", "due_on", "open")[:_OFFERED])


def _sums(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for currency, amount in pairs:
        found[currency] = found.get(currency, 0) + amount
    return sorted(((currency, amount) for currency, amount in found.items() if amount), key=lambda pair: -pair[1])
