"""Every table of the forecast as CSV or XLSX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from encours.core.base.issue import CallError
from encours.usecases import forecast_past as past
from encours.usecases import show_forecast as show
from encours.usecases.forecast_details import WEEKS, Chances, chances_of, orders_behind
from encours.usecases.forecast_head import Head, Range, Wanted, entities_of, head_of
from encours.usecases.try_scenario import try_scenario
from encours.usecases.viewing import Viewing
from encours.web.forecast.views import supposed_of, wanted_of
from encours.web.shell import format as form
from encours.web.shell import tables, words
from encours.web.shell.request import Request
from encours.web.shell.tables import Column

#: The weeks under a scenario; its rule stands in the address.
SCENARIO = "scenario"


@login_required
def export(request: Request, part: str, kind: str) -> HttpResponse:
    """One table of the forecast of the address's entity and currency."""
    viewing, wanted = request.viewing, wanted_of(request.GET)
    tables.check(kind, viewing.actor)
    if part not in (*_TABLES, SCENARIO):
        raise Http404
    head = head_of(viewing, wanted, entities_of(viewing))
    if head is None:
        raise Http404
    columns = _supposed(viewing, wanted, request.GET) if part == SCENARIO else _TABLES[part](viewing, head, wanted)
    name = f"{_('cash-forecast')}-{part}-{head.currency}-{head.day:%Y-%m-%d}"
    return tables.answer(kind, name, columns)


def _supposed(viewing: Viewing, wanted: Wanted, query: QueryDict) -> list[Column]:
    """The weeks under a scenario beside those that stand."""
    try:
        tried = try_scenario(viewing, wanted, supposed_of(query))
    except CallError as refused:
        raise Http404 from refused
    rows, currency = tried.rows(), tried.head.currency
    return [
        Column(_("Week from"), [after.start for _before, after, _difference in rows], "date"),
        Column(_("Currency"), [currency] * len(rows)),
        Column(_("As it stands"), [(before.total.mean, currency) for before, _after, _difference in rows], "money"),
        *_ranges([after.total for _before, after, _difference in rows], currency),
        Column(_("Effect"), [(difference, currency) for _before, _after, difference in rows], "money"),
    ]


def _ranges(rows: Sequence[Range], currency: str) -> list[Column]:
    labels = {"mean": _("Expected cash"), "p10": _("Low (P10)"), "p50": _("Median (P50)"), "p90": _("High (P90)")}
    return [Column(label, [(getattr(row, name), currency) for row in rows], "money") for name, label in labels.items()]


def _weeks(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    rows = show.weeks_of(viewing, head)
    money = {
        "open_items": [row.open_items.mean for row in rows],
        "orders": [row.orders for row in rows],
        "expected_invoices": [row.expected_invoices for row in rows],
    }
    return [
        Column(_("Week from"), [row.start for row in rows], "date"),
        Column(_("to"), [row.end for row in rows], "date"),
        Column(_("Currency"), [head.currency] * len(rows)),
        *_ranges([row.total for row in rows], head.currency),
        *(
            Column(str(words.word("forecast_source", name)), [(one, head.currency) for one in amounts], "money")
            for name, amounts in money.items()
        ),
    ]


def _days(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    rows = show.days_of(viewing, head)
    return [
        Column(_("Day"), [row.on for row in rows], "date"),
        Column(_("Currency"), [head.currency] * len(rows)),
        *_ranges([row.cash for row in rows], head.currency),
    ]


def _customers(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    rows, _count, _totals = show.customers_of(viewing, head, wanted, every=True)
    many = len(rows[0].weeks) if rows else 0
    sums = {"open": _("Open"), "expected": _("Expected in all weeks"), "later": _("Later")}
    return [
        Column(_("Account"), [row.customer_id.removeprefix(f"{head.entity_id}:") for row in rows]),
        Column(_("Currency"), [head.currency] * len(rows)),
        Column(_("Customer"), [row.name for row in rows]),
        *(
            Column(label, [(getattr(row, name), head.currency) for row in rows], "money")
            for name, label in sums.items()
        ),
        *(
            Column(
                f"{_('Week')} {place + 1} · {label}",
                [(getattr(row.weeks[place], name), head.currency) for row in rows],
                "money",
            )
            for place in range(many)
            for name, label in (("mean", _("Expected cash")), ("p10", "P10"), ("p90", "P90"))
        ),
    ]


def _items(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    rows = show.items_of(viewing, head)
    found = chances_of(viewing, head, [row.item_id for row in rows]) if rows else {}
    chances = [found.get(row.item_id) for row in rows]
    return [
        Column(_("Item"), [row.number for row in rows]),
        Column(_("Currency"), [head.currency] * len(rows)),
        Column(_("Customer"), [row.customer_name for row in rows]),
        Column(_("Open"), [(row.open, head.currency) for row in rows], "money"),
        Column(_("Due"), [row.due_on for row in rows], "date"),
        Column(_("Most likely on"), [row.p50_on for row in rows], "date"),
        Column(_("Not before (P10)"), [row.p10_on for row in rows], "date"),
        Column(_("Not after (P90)"), [row.p90_on for row in rows], "date"),
        Column(_("Expected in all weeks"), [(row.expected, head.currency) for row in rows], "money"),
        Column(_("Later"), [(row.later, head.currency) for row in rows], "money"),
        *_chances(chances, head.day),
    ]


def _chances(rows: Sequence[Chances | None], day: date) -> list[Column]:
    """In percent; a week has its first day as a heading."""
    told: dict[str, list[float | None]] = {
        _("Late, %"): [row.late if row else None for row in rows],
        _("Unpaid after 90 days, %"): [row.unpaid_90 if row else None for row in rows],
        _("In parts, %"): [row.partial if row else None for row in rows],
    }
    for place in range(WEEKS):
        label = _("Paid in the week from %(day)s, %%") % {"day": form.day(day + timedelta(days=1 + 7 * place))}
        told[label] = [row.weeks[place] if row and row.weeks else None for row in rows]
    return [Column(label, [_hundred(share) for share in cells], "number") for label, cells in told.items()]


def _orders(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    rows = orders_behind(viewing, head)
    return [
        Column(_("Order"), [row.order_id.removeprefix(f"{head.entity_id}:") for row in rows]),
        Column(_("Currency"), [head.currency] * len(rows)),
        Column(_("Customer"), [row.customer_name for row in rows]),
        Column(_("Status"), [str(words.word("order_status", row.status)) for row in rows]),
        Column(_("Amount"), [(row.amount, head.currency) for row in rows], "money"),
        Column(_("Counted"), [(row.counted, head.currency) for row in rows], "money"),
        Column(_("Invoice on"), [row.invoice_on for row in rows], "date"),
        Column(_("Due"), [row.due_on for row in rows], "date"),
        Column(_("Most likely on"), [row.expected_on for row in rows], "date"),
    ]


def _changes(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    rows = past.steps_of(viewing, head)
    return [
        Column(_("Cause"), [_step(head, row.cause) for row in rows]),
        Column(_("Currency"), [head.currency] * len(rows)),
        Column(_("Customer"), [row.customer_name for row in rows]),
        Column(_("Items"), [row.items for row in rows]),
        Column(_("Effect"), [(row.amount, head.currency) for row in rows], "money"),
    ]


def _step(head: Head, cause: str) -> str:
    """A step of the bridge in words; its ends by their days: it may begin up to three weeks before."""
    ends = {past.BEFORE: head.before_on, past.NOW: head.day}
    if cause in ends:
        return _("Forecast of %(day)s") % {"day": form.day(ends[cause])}
    return str(words.word("forecast_cause", cause))


def _accuracy(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    rows = past.judged_rows(viewing, head)
    return [
        Column(_("Forecast of"), [row.made_on for row in rows], "date"),
        Column(_("Week from"), [row.start for row in rows], "date"),
        Column(_("Weeks ahead"), [row.place for row in rows]),
        Column(_("Currency"), [head.currency] * len(rows)),
        Column(_("Reckoned"), [_("afterwards") if row.afterwards else _("that night") for row in rows]),
        *_ranges([row.said for row in rows], head.currency),
        Column(_("Came"), [(row.came, head.currency) for row in rows], "money"),
        Column(_("By due dates"), [(row.due_date, head.currency) for row in rows], "money"),
        Column(_("By own medians"), [(row.own_median, head.currency) for row in rows], "money"),
    ]


def _trust(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    trust = show.trust_of(viewing, head)
    rows = trust.duel if trust else []
    shares = {
        _("Within three days, %"): [row.within_3 for row in rows],
        _("Before its range, %"): [row.below for row in rows],
        _("Within its range, %"): [row.inside for row in rows],
        _("After its range, %"): [row.above for row in rows],
    }
    return [
        Column(_("Forecast by"), [str(words.word("forecaster", row.name)) for row in rows]),
        Column(_("Tried on"), [trust.learnt_on for _row in rows] if trust else [], "date"),
        Column(_("Used"), [_("yes") if trust and row.name == trust.basis else "" for row in rows]),
        Column(_("Days off"), [row.error for row in rows], "number"),
        *(Column(label, [100 * share for share in cells], "number") for label, cells in shares.items()),
    ]


def _reliability(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    trust = show.trust_of(viewing, head)
    rows = trust.bands if trust else []
    return [
        Column(_("Said to be late, %"), [100 * row.said for row in rows], "number"),
        Column(_("Were late, %"), [100 * row.happened for row in rows], "number"),
        Column(_("Items"), [row.count for row in rows]),
    ]


def _horizons(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    rows = past.horizons(past.judged_rows(viewing, head))
    shares: dict[str, list[float | None]] = {
        _("Off by, % (WAPE)"): [row.wape for row in rows],
        _("Due dates off by, %"): [row.due_date for row in rows],
        _("Own medians off by, %"): [row.own_median for row in rows],
        _("Lean, %"): [row.bias for row in rows],
        _("Within the range, %"): [row.covered for row in rows],
    }
    return [
        Column(_("Weeks ahead"), [row.place for row in rows]),
        Column(_("Weeks judged"), [row.weeks for row in rows]),
        Column(_("Currency"), [head.currency] * len(rows)),
        *(Column(label, [_hundred(share) for share in cells], "number") for label, cells in shares.items()),
    ]


def _left_out(viewing: Viewing, head: Head, wanted: Wanted) -> list[Column]:
    return [
        Column(_("Why left out"), [str(words.word("forecast_left_out", reason)) for reason, _n, _a in head.left_out]),
        Column(_("Currency"), [head.currency] * len(head.left_out)),
        Column(_("Items"), [items for _r, items, _a in head.left_out]),
        Column(_("Open"), [(amount, head.currency) for _r, _n, amount in head.left_out], "money"),
    ]


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share


_TABLES: Mapping[str, Callable[[Viewing, Head, Wanted], list[Column]]] = {
    "weeks": _weeks,
    "days": _days,
    "customers": _customers,
    "items": _items,
    "orders": _orders,
    "changes": _changes,
    "accuracy": _accuracy,
    "horizons": _horizons,
    "trust": _trust,
    "reliability": _reliability,
    "left-out": _left_out,
}
