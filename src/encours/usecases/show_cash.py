"""The queue of cash application: what is ready to confirm, what needs an eye, what has no match, what was done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Avg, Case, Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from encours.store.models import Advance, Customer, Decision, NotCustomer, Proposal, ProposalLine, Receipt
from encours.usecases import clock
from encours.usecases.ready_matches import is_ready
from encours.usecases.take_receipt import Hold, holders
from encours.usecases.viewing import Viewing

PAGE_ROWS = 60
#: To confirm or to check; nothing was found; applied in the last days, with what may be undone.
TABS = ("check", "none", "done")
#: The group of receipts that no run has seen, and those that come last.
NOT_LOOKED_AT = "not_looked_at"
_LAST = ("not_from_customer", "money_out")
#: How long an applied receipt stays in the queue.
DONE_DAYS = 7


@dataclass(frozen=True)
class QueueRow:
    """A receipt in the queue. Amounts in minor units of its currency; `proposal_id` where something is proposed."""

    receipt_id: str
    entity_id: str
    booked_on: date
    kind: str
    payer_name: str | None
    remittance: str | None
    customer_name: str
    amount: int
    unapplied: int
    currency: str
    items: int = 0
    reason: str = ""
    rule: str = ""
    proposal_id: int | None = None
    decision_id: int | None = None  # what applied it, where it may be undone
    by_itself: bool = False
    hold: Hold | None = None  # who else is at it now

    @property
    def is_free(self) -> bool:
        """Whether nobody else works on it; a look does not keep it from what is done to many at once."""
        return self.hold is None or self.hold.is_look


@dataclass(frozen=True)
class Group:
    """Receipts that are alike: proposed by one rule. `ready`: certain enough to be confirmed together."""

    rule: str
    ready: bool
    count: int  # in the whole queue, also beyond this page
    rows: list[QueueRow] = field(default_factory=list)

    @property
    def free(self) -> list[QueueRow]:
        """The rows on this page that may be acted on together: those that nobody else works on."""
        return [row for row in self.rows if row.is_free]

    @property
    def proposals(self) -> list[int]:
        """Numbers of the proposals on this page, for confirming them together."""
        return [row.proposal_id for row in self.free if row.proposal_id is not None]

    @property
    def totals(self) -> list[tuple[str, int]]:
        """What this page's rows come to that may be acted on together, by currency."""
        sums: dict[str, int] = {}
        for row in self.free:
            sums[row.currency] = sums.get(row.currency, 0) + row.unapplied
        return sorted(sums.items(), key=lambda pair: -abs(pair[1]))


@dataclass(frozen=True)
class Queue:
    """One page of one tab. `counts`: tab -> how many; `ready`: of those to check, how many can be confirmed at once."""

    tab: str
    counts: dict[str, int]
    ready: int
    groups: list[Group]
    page: int
    has_next: bool
    may_accept: bool
    empty_book: bool = False

    @property
    def rows(self) -> list[QueueRow]:
        """The rows in the order in which they are worked."""
        return [row for group in self.groups for row in group.rows]

    def is_ready(self, receipt_id: str) -> bool | None:
        """Whether a receipt's proposal is ready to be confirmed; None where it is not on this page."""
        found = (group.ready for group in self.groups if any(row.receipt_id == receipt_id for row in group.rows))
        return next(found, None)


_COLUMNS = (
    "receipt_id",
    "entity_id",
    "booked_on",
    "kind",
    "payer_name",
    "remittance",
    "customer_id",
    "amount",
    "unapplied",
    "currency",
)


def show_queue(viewing: Viewing, tab: str = "", page: int = 1) -> Queue:
    """A page of the queue, best first: what can be confirmed together, then by how sure the proposal is."""
    viewing = _today(viewing)
    page = max(1, page)
    waiting = _waiting(viewing)
    open_ = viewing.rows(Proposal).filter(state=Proposal.State.OPEN)
    proposed = open_.exclude(decision="none").filter(receipt_id__in=waiting.values("receipt_id"))
    ready = Case(When(is_ready(viewing.entity_ids), then=Value(1)), default=Value(0), output_field=IntegerField())
    proposed = proposed.annotate(ready=ready)
    kinds = list(proposed.values("rule", "ready").annotate(count=Count("id"), sure=Avg("confidence")).order_by())
    total = sum(kind["count"] for kind in kinds)
    done = _done(viewing)
    # What a person put on a customer's account waits for its invoice: nobody looks for it.
    bare = waiting.exclude(receipt_id__in=proposed.values("receipt_id"))
    bare = bare.exclude(receipt_id__in=viewing.rows(Advance).values("receipt_id"))
    counts = {
        "check": total,
        "none": bare.count(),
        "done": done.count(),
    }
    tab = tab if tab in TABS else next((name for name in TABS if counts[name]), TABS[0])
    make = {"check": _check, "none": _none, "done": _made}[tab]
    cut = slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS + 1)
    groups, more = make(viewing, {"proposed": proposed, "kinds": kinds, "bare": bare, "done": done}, cut)
    if tab != "done":
        _mark_held(viewing, groups)
    return Queue(
        tab,
        counts,
        sum(kind["count"] for kind in kinds if kind["ready"]),
        groups,
        page,
        more,
        viewing.actor.may("accept_match", None).ok,
        not any(counts.values()) and not viewing.facts(Receipt).exists(),
    )


def _mark_held(viewing: Viewing, groups: Sequence[Group]) -> None:
    """Says of each row who else is at it."""
    held = holders(viewing.actor, [row.receipt_id for group in groups for row in group.rows])
    for group in groups:
        for place, row in enumerate(group.rows):
            if (hold := held.get(row.receipt_id)) is not None and not hold.mine:
                group.rows[place] = replace(row, hold=hold)


def _today(viewing: Viewing) -> Viewing:
    """What can be worked is what stands today, whatever day the pages show."""
    return Viewing(viewing.actor, viewing.entity_ids, viewing.today)


def _waiting(viewing: Viewing) -> QuerySet[Receipt]:
    rows: QuerySet[Receipt] = viewing.facts(Receipt).exclude(unapplied=0).exclude(kind="out")
    return rows.exclude(receipt_id__in=viewing.rows(NotCustomer).values("receipt_id"))


def _done(viewing: Viewing) -> QuerySet[Decision]:
    since = viewing.today - timedelta(days=DONE_DAYS)
    rows: QuerySet[Decision] = viewing.rows(Decision).filter(
        act="accept_match", undone_by__isnull=True, decided_at__gte=clock.begins(since), proposal__state="accepted"
    )
    return rows


def _check(viewing: Viewing, sets: dict[str, Any], cut: slice) -> tuple[list[Group], bool]:
    """Groups of what is alike; those that can be confirmed together first, then the surest."""
    kinds = sorted(sets["kinds"], key=lambda kind: (-kind["ready"], -kind["sure"], kind["rule"]))
    if not kinds:
        return [], False
    place = Case(
        *(When(Q(rule=kind["rule"], ready=kind["ready"]), then=Value(number)) for number, kind in enumerate(kinds)),
        output_field=IntegerField(),
    )
    found = list(sets["proposed"].annotate(place=place).order_by("place", "-confidence", "id")[cut])
    rows = _rows(viewing, found)
    groups = [Group(kind["rule"], bool(kind["ready"]), kind["count"]) for kind in kinds]
    for proposal in found[:PAGE_ROWS]:
        if (row := rows.get(proposal.receipt_id)) is not None:
            groups[proposal.place].rows.append(row)
    return [group for group in groups if group.rows], len(found) > PAGE_ROWS


def _rows(viewing: Viewing, proposals: Sequence[Proposal]) -> dict[str, QueueRow]:
    """receipt_id -> its row."""
    by_receipt = {proposal.receipt_id: proposal for proposal in proposals}
    receipts = list(viewing.facts(Receipt).filter(receipt_id__in=list(by_receipt)).values(*_COLUMNS))
    sizes = dict(
        ProposalLine.objects.filter(proposal_id__in=[proposal.pk for proposal in proposals])
        .values_list("proposal_id")
        .annotate(count=Count("item_id", distinct=True))
    )
    names = _names(viewing, [proposal.customer_id or "" for proposal in proposals])
    found = {}
    for receipt in receipts:
        proposal = by_receipt[receipt["receipt_id"]]
        found[proposal.receipt_id] = QueueRow(
            **_plain(receipt),
            customer_name=names.get(proposal.customer_id or "", ""),
            items=sizes.get(proposal.pk, 0),
            reason=proposal.reason,
            rule=proposal.rule,
            proposal_id=proposal.pk,
        )
    return found


def _plain(receipt: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in receipt.items() if name != "customer_id"}


def _names(viewing: Viewing, ids: Iterable[str]) -> dict[str, str]:
    wanted = set(ids) - {""}
    rows = viewing.facts(Customer).filter(customer_id__in=wanted) if wanted else Customer.objects.none()
    return dict(rows.values_list("customer_id", "name"))


def _none(viewing: Viewing, sets: dict[str, Any], cut: slice) -> tuple[list[Group], bool]:
    """What nothing is proposed for, by why, the largest first: where most is to be won; what is no customer's last."""
    reasons = viewing.rows(Proposal).filter(
        state=Proposal.State.OPEN, decision="none", receipt_id=OuterRef("receipt_id")
    )
    told = reasons.order_by("-id")
    rest = sets["bare"].annotate(
        rule=Coalesce(Subquery(told.values("rule")[:1]), Value(NOT_LOOKED_AT)),
        reason=Subquery(told.values("reason")[:1]),
        likely=Subquery(told.values("customer_id")[:1]),
    )
    kinds = list(rest.order_by().values("rule").annotate(count=Count("id"), most=Max("unapplied")))
    kinds.sort(key=lambda kind: (kind["rule"] in _LAST, -kind["most"], kind["rule"]))
    if not kinds:
        return [], False
    place = Case(
        *(When(rule=kind["rule"], then=Value(number)) for number, kind in enumerate(kinds)),
        output_field=IntegerField(),
    )
    columns = (*_COLUMNS, "reason", "rule", "place", "likely")
    rows = list(rest.annotate(place=place).order_by("place", "-unapplied", "id").values(*columns)[cut])
    names = _names(viewing, [row["customer_id"] or row["likely"] or "" for row in rows])
    groups = [Group(kind["rule"], False, kind["count"]) for kind in kinds]
    for row in rows[:PAGE_ROWS]:
        place_of_group, likely = row.pop("place"), row.pop("likely")
        customer_id = row.pop("customer_id") or likely
        made = QueueRow(**{**row, "reason": row["reason"] or ""}, customer_name=names.get(customer_id or "", ""))
        groups[place_of_group].rows.append(made)
    return [group for group in groups if group.rows], len(rows) > PAGE_ROWS


def _made(viewing: Viewing, sets: dict[str, Any], cut: slice) -> tuple[list[Group], bool]:
    """What was applied lately, the latest first: by itself, then by people."""
    first = Case(When(user=None, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = list(sets["done"].select_related("proposal").annotate(first=first).order_by("first", "-id")[cut])
    ids = [decision.subject_id for decision in found]
    receipts = {row["receipt_id"]: row for row in viewing.facts(Receipt).filter(receipt_id__in=ids).values(*_COLUMNS)}
    names = _names(viewing, [decision.proposal.customer_id or "" for decision in found if decision.proposal])
    groups = {True: Group("by_itself", False, 0), False: Group("by_people", False, 0)}
    for decision in found[:PAGE_ROWS]:
        receipt, proposal = receipts.get(decision.subject_id), decision.proposal
        if receipt is None or proposal is None:
            continue
        may_undo = viewing.actor.may("undo_match", decision.entity_id, decision.amount).ok
        groups[decision.user_id is None].rows.append(
            QueueRow(
                **_plain(receipt),
                customer_name=names.get(proposal.customer_id or "", ""),
                reason=proposal.reason,
                rule=proposal.rule,
                proposal_id=proposal.pk,
                decision_id=decision.pk if may_undo else None,
                by_itself=decision.user_id is None,
            )
        )
    shown = [Group(group.rule, False, len(group.rows), group.rows) for group in groups.values() if group.rows]
    return shown, len(found) > PAGE_ROWS
