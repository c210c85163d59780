"""Ready to send? The share of overdue money that a message could ask for today, and what each customer lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from encours.core.base.factoring import Sale, last_sales
from encours.core.base.opt_outs import refused
from encours.store.models import Contact, Customer, CustomerLink, Document, Event, Item
from encours.usecases.letter_setup import accounts_of, factors_of
from encours.usecases.viewing import Viewing

#: What a message needs; `account` says where to pay.
CHECKS = ("recipient", "copy", "due", "account")
PAGE_ROWS = 60
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]{2,}")


@dataclass(frozen=True)
class ReadyRow:
    """A customer's overdue money in a currency (minor units) and how much of it lacks what.

    `recipient`: email, letter (no valid e-mail address, but a postal one), none; `why`: bounced, opted_out or "".
    `items` overdue, `copies` and `dues` of them without a copy and without a due date of their own.
    """

    entity_id: str
    customer_id: str
    name: str
    collector: str | None
    currency: str
    overdue: int
    items: int
    recipient: str
    why: str
    copies: int
    copies_amount: int
    dues: int
    dues_amount: int
    account: bool

    @property
    def gaps(self) -> tuple[str, ...]:
        """The checks that something of it fails."""
        failing = {
            "recipient": self.recipient == "none",
            "copy": self.copies > 0,
            "due": self.dues > 0,
            "account": not self.account,
        }
        return tuple(name for name in CHECKS if failing[name])

    def lacking(self, check: str) -> int:
        """The money that fails a check, in minor units."""
        amounts = {
            "recipient": self.overdue if self.recipient == "none" else 0,
            "copy": self.copies_amount,
            "due": self.dues_amount,
            "account": 0 if self.account else self.overdue,
        }
        return amounts[check]


@dataclass(frozen=True)
class ReadyShare:
    """Overdue money of one currency, what of it is ready, and what each check holds back (minor units)."""

    currency: str
    overdue: int
    ready: int
    lacking: dict[str, int]

    @property
    def share(self) -> float:
        """The ready part of the overdue money."""
        return self.ready / self.overdue if self.overdue else 1.0

    def part(self, check: str) -> float:
        """The part of the overdue money that passes a check."""
        return 1 - self.lacking[check] / self.overdue if self.overdue else 1.0


@dataclass(frozen=True)
class ReadyPage:
    """The shares by currency, largest first, and one page of the gaps, the most money first."""

    shares: list[ReadyShare]
    rows: list[ReadyRow]
    count: int
    counts: dict[str, int]
    gap: str
    page: int
    pages: int
    customers: int = 0
    entity_names: dict[str, str] = field(default_factory=dict)


def show_ready(viewing: Viewing, gap: str = "", page: int = 1) -> ReadyPage:
    """The page: shares of all that is overdue, gaps of one kind or of any."""
    every, ready = _all_rows(viewing)
    gaps = _ordered(row for row in every if row.gaps)
    gap = gap if gap in CHECKS else ""
    chosen = [row for row in gaps if not gap or gap in row.gaps]
    pages = max(1, -(-len(chosen) // PAGE_ROWS))
    page = min(max(page, 1), pages)
    return ReadyPage(
        shares=_shares(every, ready),
        rows=chosen[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
        count=len(chosen),
        counts={check: sum(1 for row in gaps if check in row.gaps) for check in CHECKS},
        gap=gap,
        page=page,
        pages=pages,
        customers=len({row.customer_id for row in every}),
    )


def list_gaps(viewing: Viewing, gap: str = "") -> list[ReadyRow]:
    """Every customer that lacks something (of one kind), the most money first."""
    every, _ = _all_rows(viewing)
    return _ordered(row for row in every if row.gaps and (gap not in CHECKS or gap in row.gaps))


def _ordered(rows: Iterable[ReadyRow]) -> list[ReadyRow]:
    def weight(row: ReadyRow) -> int:
        return max(row.lacking(check) for check in CHECKS)

    return sorted(rows, key=lambda row: (-weight(row), row.name, row.customer_id, row.currency))


def _all_rows(viewing: Viewing) -> tuple[list[ReadyRow], dict[tuple[str, str], int]]:
    """A row a customer and currency; and (customer, currency) -> money of items that have a copy and a due date."""
    sums = list(_overdue(viewing))
    ids = {one["customer_id"] for one in sums}
    payers = _payers(viewing, ids)
    reach = _reach(viewing, ids | set(payers.values()))
    names = dict[str, tuple[str, str | None]]()
    for customer_id, name, collector in (
        viewing.facts(Customer).filter(customer_id__in=ids).values_list("customer_id", "name", "collector")
    ):
        names[customer_id] = (name, collector)
    accounts = {one: accounts_of(one, viewing.today) for one in viewing.entity_ids}
    sold = _sold(viewing, ids)
    rows, ready = [], {}
    for one in sums:
        customer_id, entity_id, currency = one["customer_id"], one["entity_id"], one["currency"]
        kind, why = _best(reach.get(payers.get(customer_id, customer_id)), reach.get(customer_id))
        name, collector = names.get(customer_id, (customer_id, None))
        # Who was told of the sale pays the factor; of a confidential one nobody is, and our account counts.
        sale = sold.get(customer_id)
        paid_to_us = sale is None or sale.confidential
        account = currency in accounts.get(entity_id, {}) if paid_to_us else bool(factors_of(entity_id, viewing.today))
        rows.append(
            ReadyRow(
                entity_id, customer_id, name, collector, currency, one["overdue"], one["items"], kind, why,
                one["uncopied"], one["uncopied_amount"], one["undue"], one["undue_amount"], account,
            )
        )  # fmt: skip
        ready[customer_id, currency] = one["whole"] if kind != "none" and account else 0
    return rows, ready


def _overdue(viewing: Viewing) -> Any:
    """Overdue sums by customer and currency, with what of them has no copy and no due date of its own."""
    paper = Document.objects.filter(
        item_id=OuterRef("item_id"), kind__in=("invoice", "e_invoice"), is_current=True
    ).values("pk")
    # Where nobody gave a due date, imports take the invoice's own date; what an aged balance says is no date at all.
    undue = Q(due_on__lte=F("issued_on")) | Q(kind="opening")
    items = viewing.facts(Item).filter(open__gt=0, due_on__lt=viewing.today).annotate(copy=Exists(paper))
    copied, dated = Q(copy=True), ~undue

    def money(where: Q) -> Any:
        return Coalesce(Sum(Case(When(where, then=F("open")), default=Value(0))), Value(0))

    return (
        items.order_by()
        .values("entity_id", "customer_id", "currency")
        .annotate(
            overdue=Sum("open"),
            items=Count("pk"),
            uncopied=Count("pk", filter=~copied),
            uncopied_amount=money(~copied),
            undue=Count("pk", filter=undue),
            undue_amount=money(undue),
            whole=money(copied & dated),
        )
    )


def _payers(viewing: Viewing, ids: set[str]) -> dict[str, str]:
    """Who pays for whom: messages go to the payer."""
    today: date = viewing.today
    links = viewing.facts(CustomerLink).filter(role="payer").filter(
        Q(from_on__isnull=True) | Q(from_on__lte=today), Q(to_on__isnull=True) | Q(to_on__gte=today)
    )  # fmt: skip
    return {one: other for one, other in links.values_list("customer_id", "other_id") if one in ids}


def _reach(viewing: Viewing, ids: set[str]) -> dict[str, tuple[str, str]]:
    """Customer -> (email, letter or none; why no e-mail)."""
    found: dict[str, tuple[str, str]] = {}
    rows = viewing.facts(Contact).values_list("customer_id", "email", "address", "opt_out", "bounced_on")
    for customer_id, email, address, opt_out, bounced_on in rows.iterator(chunk_size=5_000):
        if customer_id in ids:
            closed = refused(opt_out)
            why = "bounced" if bounced_on else "opted_out" if "email" in closed else ""
            good = bool(email and _EMAIL.fullmatch(email.strip())) and not why
            posted = bool(address and address.strip()) and "letter" not in closed
            own = ("email", "") if good else ("letter" if posted else "none", why if email else "")
            found[customer_id] = _best(own, found.get(customer_id))
    return found


def _best(one: tuple[str, str] | None, other: tuple[str, str] | None) -> tuple[str, str]:
    order = ("email", "letter", "none")
    known = [way for way in (one, other) if way is not None]
    return min(known, key=lambda way: (order.index(way[0]), not way[1]), default=("none", ""))


def _sold(viewing: Viewing, ids: set[str]) -> dict[str, Sale]:
    """Customers whose claims stand assigned to a factor as a whole, and how."""
    rows = viewing.facts(Event).filter(subject="customer", kind__startswith="factor:", on__lte=viewing.today)
    return last_sales(rows.order_by("on", "id"), [(one, one) for one in ids])


def _shares(rows: list[ReadyRow], ready: dict[tuple[str, str], int]) -> list[ReadyShare]:
    found: dict[str, list[ReadyRow]] = {}
    for row in rows:
        found.setdefault(row.currency, []).append(row)
    shares = [
        ReadyShare(
            currency,
            sum(row.overdue for row in part),
            sum(ready[row.customer_id, currency] for row in part),
            {check: sum(row.lacking(check) for row in part) for check in CHECKS},
        )
        for currency, part in found.items()
    ]
    return sorted(shares, key=lambda share: -share.overdue)
