"""How every customer pays, as a file: a row an account, a column a figure with its unit."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils.translation import gettext as _

from encours.usecases.list_payers import PayerRow, list_payers
from encours.web.shell import payer_words, tables, words
from encours.web.shell.issue_words import said
from encours.web.shell.request import Request
from encours.web.shell.tables import Column


@login_required
def payers(request: Request, kind: str) -> HttpResponse:
    """Every payer profile of the chosen entities as CSV or XLSX."""
    viewing = request.viewing
    tables.check(kind, viewing.actor)
    rows = list_payers(viewing)
    columns = [*_who(rows), *_days(rows), *_shares(rows), *_counts(rows), *_next(rows), *_alerts(rows), *_alone(rows)]
    return tables.answer(kind, f"{_('payer-profiles')}-{viewing.today:%Y-%m-%d}", columns)


def _who(rows: list[PayerRow]) -> list[Column]:
    accounts = [(row.customer_id, row.payer_id, f"{row.entity_id}:") for row in rows]
    return [
        Column(_("Entity"), [row.entity_id for row in rows]),
        Column(_("Account"), [customer_id.removeprefix(own) for customer_id, _payer, own in accounts]),
        Column(_("Customer"), [row.name for row in rows]),
        Column(_("Paid by account"), [payer_id.removeprefix(own) for _customer, payer_id, own in accounts]),
        Column(_("Paid by"), [row.payer_name for row in rows]),
        Column(_("Profile"), [str(words.word("profile", row.profile)) for row in rows]),
        Column(_("Why this profile"), [said(row.why) for row in rows]),
        Column(_("As of"), [row.as_of for row in rows], "date"),
    ]


def _days(rows: list[PayerRow]) -> list[Column]:
    """Days after the due date, those before it negative."""
    return [
        _number(_("Payments known"), [row.payments for row in rows]),
        Column(_("Last payment"), [row.last_paid_on for row in rows], "date"),
        _figure(_("One in ten by day"), rows, "delay_p10"),
        _figure(_("Usual delay in days"), rows, "delay_median"),
        _figure(_("Nine in ten by day"), rows, "delay_p90"),
        _figure(_("Usual delay of the last 3 months in days"), rows, "recent_median"),
        _figure(_("Usual delay ever in days"), rows, "long_median"),
        _figure(_("Last 3 months against before in days"), rows, "trend_days"),
        _figure(_("Last 12 months against before in days"), rows, "trend_year_days"),
        Column(_("Habit changed on"), [row.changed_on for row in rows], "date"),
        _number(_("Habit changed by days"), [row.changed_days for row in rows]),
        _figure(_("Large invoices against the others in days"), rows, "large_days"),
        Column(_("Run days"), [payer_words.run_days(row.figures) for row in rows]),
        _share(_("On run days, %"), rows, "run_share"),
    ]


def _shares(rows: list[PayerRow]) -> list[Column]:
    told = {
        "share_late": _("Paid late, %"),
        "share_full": _("In full at once, %"),
        "share_parts": _("In parts, %"),
        "share_deducted": _("With a deduction, %"),
        "share_disputed": _("Disputed, %"),
    }
    return [_share(label, rows, name) for name, label in told.items()]


def _counts(rows: list[PayerRow]) -> list[Column]:
    channels = [row.figures.get("channel") for row in rows]
    return [
        Column(_("Pays by"), [str(words.word("receipt", channel)) if channel else "" for channel in channels]),
        _figure(_("Invoices drawn by us"), rows, "drawn"),
        _figure(_("Payments come back"), rows, "returned"),
        _figure(_("Promises due"), rows, "promises"),
        _figure(_("Promises kept"), rows, "promises_kept"),
        _figure(_("Our posting lag in days"), rows, "lag_days"),
        _figure(_("Open items"), rows, "open_items"),
        _figure(_("Late items"), rows, "late_items"),
    ]


def _next(rows: list[PayerRow]) -> list[Column]:
    return [
        Column(_("Next money about"), [row.next_on for row in rows], "date"),
        Column(_("Not before (P10)"), [row.next_from_on for row in rows], "date"),
        Column(_("Not after (P90)"), [row.next_to_on for row in rows], "date"),
        Column(_("Next money"), [(row.next_amount, row.currency or "EUR") for row in rows], "money"),
        Column(_("Currency"), [row.currency or "" for row in rows]),
    ]


def _alerts(rows: list[PayerRow]) -> list[Column]:
    kinds = [", ".join(str(words.word("signal", kind)) for kind in row.alerts) for row in rows]
    return [
        Column(_("Signals"), kinds),
        Column(_("Since"), [row.alert_since_on for row in rows], "date"),
        _number(_("Probability in %"), [_hundred(row.alert_chance) for row in rows]),
        Column(_("Why"), [said(row.alert_says) if row.alert_says else "" for row in rows]),
    ]


def _alone(rows: list[PayerRow]) -> list[Column]:
    left = [row.alone_amount if row.alone_items else None for row in rows]
    return [
        Column(_("Leave alone until"), [row.alone_until_on for row in rows], "date"),
        _number(_("Items left alone"), [row.alone_items or None for row in rows]),
        Column(
            _("Money left alone"),
            [(amount, row.currency or "EUR") for amount, row in zip(left, rows, strict=True)],
            "money",
        ),
        Column(_("Cost of the delays a year"), [(row.late_cost, row.cost_currency or "EUR") for row in rows], "money"),
        Column(_("Currency of the cost"), [row.cost_currency or "" for row in rows]),
    ]


def _figure(label: str, rows: list[PayerRow], name: str) -> Column:
    return _number(label, [row.figures.get(name) for row in rows])


def _share(label: str, rows: list[PayerRow], name: str) -> Column:
    return _number(label, [_hundred(row.figures.get(name)) for row in rows])


def _number(label: str, cells: list[Any]) -> Column:
    return Column(label, cells, "number")


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share
