"""The queue of disagreements: what came, what we say it paid, what the ERP's letter says; one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, IntegerField, Max, Min, QuerySet, Sum, Value, When
from django.db.models.functions import Abs

from encours.core.matching.spans import quoted_spans
from encours.store.models import Customer, Entity, Item, MatchDisagreement, Receipt, ReplayedDay, User
from encours.usecases.judge_disagreement import ACT, VERDICTS
from encours.usecases.rights import NotAllowedError
from encours.usecases.viewing import Viewing

#: To be judged; judged; letters that were found wrong, to be corrected in the ERP.
TABS = ("waiting", "judged", "wrong_letters")
NEXT_ROWS, PAGE_ROWS = 12, 60


@dataclass(frozen=True)
class CaseLine:
    """An item and what each side takes off it (None: nothing), differences included, in the item's currency."""

    item_id: str
    number: str
    kind: str
    customer_id: str | None
    customer_name: str
    issued_on: date | None
    due_on: date | None
    invoiced: int | None
    ours: int | None
    letter: int | None
    ours_as: tuple[str, ...]
    letter_as: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the two say different things of it."""
        return self.ours != self.letter


@dataclass(frozen=True)
class DisagreementCase:
    """A disagreement with all that a judgement needs. `text`: parts of the receipt's text, with which name an item."""

    disagreement_id: int
    entity_id: str
    entity_name: str
    receipt_id: str
    payer_name: str
    text: list[tuple[str, bool]]
    booked_on: date
    lettered_on: date | None
    amount: int
    currency: str
    stratum: str
    rule: str
    reason: str
    decision: str
    confidence: float
    origin: str
    apart: int
    lines: list[CaseLine]
    ours: int
    letter: int


@dataclass(frozen=True)
class DisagreementRow:
    """A disagreement in a list; `ours` and `letter` are the numbers of the items that only that side names."""

    disagreement_id: int
    entity_id: str
    receipt_id: str
    payer_name: str
    booked_on: date
    amount: int
    currency: str
    apart: int
    stratum: str
    decision: str
    confidence: float
    ours: str
    letter: str
    verdict: str
    judged_by: str
    judged_at: datetime | None
    note: str


@dataclass(frozen=True)
class Replayed:
    """What the replay of the past has looked at so far."""

    days: int
    receipts: int
    compared: int
    agreed: int
    from_on: date | None
    to_on: date | None


@dataclass(frozen=True)
class DisagreementsPage:
    """The queue: the case to judge and those that follow, or the list of what was judged."""

    tab: str
    counts: dict[str, int]
    verdicts: dict[str, int]
    case: DisagreementCase | None
    following: list[DisagreementRow]
    rows: list[DisagreementRow]
    page: int
    has_next: bool
    replayed: Replayed
    may_judge: bool
    may_export: bool
    has_letters: bool


def show_disagreements(
    viewing: Viewing, tab: str = "", disagreement_id: int | None = None, page: int = 1, skip: int | None = None
) -> DisagreementsPage:
    """A page of the queue; `disagreement_id` chooses the case, `skip` passes one over. Raises NotAllowedError."""
    viewing, page = _whole(viewing), max(1, page)
    sets = _sets(viewing)
    counts = {name: rows.count() for name, rows in sets.items()}
    tab = tab if tab in TABS else TABS[0]
    case, following, rows = None, [], []
    if tab == TABS[0]:
        waiting = list(sets[tab][: NEXT_ROWS + 2])
        if skip is not None and len(waiting) > 1:
            waiting = [row for row in waiting if row.pk != skip]
        chosen = sets[tab].filter(pk=disagreement_id).first() if disagreement_id else None
        first = chosen or next(iter(waiting), None)
        if first is not None:
            case = _case(viewing, first)
            following = _rows(viewing, [row for row in waiting if row.pk != first.pk][:NEXT_ROWS])
        found: list[MatchDisagreement] = []
    else:
        found = list(sets[tab].select_related("judged_by")[(page - 1) * PAGE_ROWS : page * PAGE_ROWS + 1])
        rows = _rows(viewing, found[:PAGE_ROWS])
    judged = sets["judged"].order_by().values_list("verdict").annotate(count=Count("id"))
    return DisagreementsPage(
        tab=tab,
        counts=counts,
        verdicts=dict.fromkeys(VERDICTS, 0) | dict(judged),
        case=case,
        following=following,
        rows=rows,
        page=page,
        has_next=len(found) > PAGE_ROWS,
        replayed=_replayed(viewing),
        may_judge=True,
        may_export=viewing.actor.may("export_list", None).ok,
        has_letters=any(counts.values()) or ReplayedDay.objects.filter(entity_id__in=viewing.entity_ids).exists(),
    )


def list_judged(viewing: Viewing) -> list[DisagreementRow]:
    """Everything that was judged, for a file. Raises NotAllowedError."""
    viewing = _whole(viewing)
    return _rows(viewing, list(_sets(viewing)["judged"].select_related("judged_by")))


def count_waiting(entity_id: str) -> int:
    """How many disagreements of an entity wait for a person."""
    return MatchDisagreement.objects.filter(entity_id=entity_id, verdict="", gone=False).count()


def _whole(viewing: Viewing) -> Viewing:
    """Today, in the chosen entities that the actor may judge and sees whole. Raises NotAllowedError where none is."""
    actor = viewing.actor
    seen = tuple(one for one in viewing.entity_ids if one not in actor.portfolios and actor.may(ACT, one).ok)
    if not seen:
        raise NotAllowedError(ACT, None, "no_role")
    return Viewing(actor, seen, viewing.today)


def _sets(viewing: Viewing) -> dict[str, QuerySet[MatchDisagreement]]:
    rows: QuerySet[MatchDisagreement] = viewing.rows(MatchDisagreement)
    first = Case(When(decision="auto", then=Value(0)), default=Value(1), output_field=IntegerField())
    waiting = rows.filter(verdict="", gone=False).annotate(first=first, size=Abs("amount"))
    judged = rows.exclude(verdict="").order_by("-judged_at", "-pk")
    return {
        # What would have posted by itself first: a mistake there is one that the promise is about.
        "waiting": waiting.order_by("first", "-size", "pk"),
        "judged": judged,
        "wrong_letters": judged.filter(verdict__in=("ours", "neither")),
    }


def _case(viewing: Viewing, row: MatchDisagreement) -> DisagreementCase:
    items = _items(viewing, [row])
    people = {item["customer_id"] for item in items.values()}
    names = dict(viewing.facts(Customer).filter(customer_id__in=people).values_list("customer_id", "name"))
    receipt = viewing.facts(Receipt).filter(receipt_id=row.receipt_id).values("payer_name", "remittance").first() or {}
    ids = list(dict.fromkeys(line[0] for line in [*row.ours, *row.letter]))
    lines = [_case_line(item_id, row, items.get(item_id, {}), names) for item_id in ids]
    text = receipt.get("remittance") or ""
    entity = Entity.objects.filter(pk=row.entity_id).values_list("name", flat=True).first()
    return DisagreementCase(
        disagreement_id=row.pk,
        entity_id=str(row.entity_id),
        entity_name=entity or str(row.entity_id),
        receipt_id=row.receipt_id,
        payer_name=receipt.get("payer_name") or "",
        text=_parts(text, quoted_spans(text, [line.number for line in lines])),
        **{name: getattr(row, name) for name in _SHOWN},
        lines=sorted(lines, key=lambda line: (not line.differs, line.due_on or date.max, line.number)),
        ours=sum(line[1] for line in row.ours),
        letter=sum(line[1] for line in row.letter),
    )


_SHOWN = (
    "booked_on",
    "lettered_on",
    "amount",
    "currency",
    "stratum",
    "rule",
    "reason",
    "decision",
    "confidence",
    "origin",
    "apart",
)


def _case_line(item_id: str, row: MatchDisagreement, item: dict[str, Any], names: dict[str, str]) -> CaseLine:
    ours, letter = ([line for line in side if line[0] == item_id] for side in (row.ours, row.letter))
    return CaseLine(
        item_id=item_id,
        number=item.get("number") or item_id,
        kind=item.get("kind") or "",
        customer_id=item.get("customer_id"),
        customer_name=names.get(item.get("customer_id") or "", ""),
        issued_on=item.get("issued_on"),
        due_on=item.get("due_on"),
        invoiced=item.get("amount"),
        ours=sum(line[1] for line in ours) if ours else None,
        letter=sum(line[1] for line in letter) if letter else None,
        ours_as=tuple(line[2] for line in ours if line[2] != "cash"),
        letter_as=tuple(line[2] for line in letter if line[2] != "cash"),
    )


def _items(viewing: Viewing, rows: Sequence[MatchDisagreement]) -> dict[str, dict[str, Any]]:
    ids = {line[0] for row in rows for line in [*row.ours, *row.letter]}
    wanted = ("item_id", "number", "kind", "customer_id", "issued_on", "due_on", "amount")
    return {one["item_id"]: one for one in viewing.facts(Item).filter(item_id__in=ids).values(*wanted)}


def _parts(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    parts, at = [], 0
    for start, end in spans:
        parts += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [part for part in [*parts, (text[at:], False)] if part[0]]


def _rows(viewing: Viewing, found: Sequence[MatchDisagreement]) -> list[DisagreementRow]:
    if not found:
        return []
    items = _items(viewing, found)
    ids = [row.receipt_id for row in found]
    payers = dict(viewing.facts(Receipt).filter(receipt_id__in=ids).values_list("receipt_id", "payer_name"))
    return [
        DisagreementRow(
            disagreement_id=row.pk,
            entity_id=str(row.entity_id),
            receipt_id=row.receipt_id,
            payer_name=payers.get(row.receipt_id) or "",
            **{name: getattr(row, name) for name in _LISTED},
            ours=_numbers(row.ours, row.letter, items),
            letter=_numbers(row.letter, row.ours, items),
            judged_by=_name(row.judged_by) if row.judged_by_id is not None else "",
        )
        for row in found
    ]


_LISTED = (
    "booked_on",
    "amount",
    "currency",
    "apart",
    "stratum",
    "decision",
    "confidence",
    "verdict",
    "judged_at",
    "note",
)


def _numbers(side: Sequence[Any], other: Sequence[Any], items: dict[str, dict[str, Any]]) -> str:
    """The items that one side settles and the other does not, or not with as much."""
    same = {(line[0], line[1]) for line in other}
    ids = dict.fromkeys(line[0] for line in side if (line[0], line[1]) not in same)
    return ", ".join(items.get(one, {}).get("number") or one for one in ids)


def _name(user: User | None) -> str:
    if user is None:
        return ""
    return user.get_full_name() or user.get_username()


def _replayed(viewing: Viewing) -> Replayed:
    rows = ReplayedDay.objects.filter(entity_id__in=viewing.entity_ids).aggregate(
        days=Count("id"), receipts=Sum("receipts"), compared=Sum("compared"), agreed=Sum("agreed"),
        from_on=Min("day"), to_on=Max("day"),
    )  # fmt: skip
    counts = {name: rows[name] or 0 for name in ("days", "receipts", "compared", "agreed")}
    return Replayed(**counts, from_on=rows["from_on"], to_on=rows["to_on"])
