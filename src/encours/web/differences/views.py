"""The differences of the matches that stand, and the same as a file."""

from __future__ import annotations

import re
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from encours.usecases.list_differences import (
    GROUPS,
    DifferenceFilter,
    cause_names,
    list_all_differences,
    show_all_differences,
)
from encours.web.shell import format as form
from encours.web.shell import tables, words
from encours.web.shell.issue_words import said
from encours.web.shell.request import Request

_GROUPS_SHOWN = 40


def _label(by: str, key: str, name: str) -> str:
    """What a group is called."""
    if by == "month":
        return form.day(date.fromisoformat(f"{key}-01"), "month") if key else "—"
    return words.word(by, key) if by in ("cause", "owner") else name


def _wanted(query: QueryDict) -> DifferenceFilter:
    month, page, by = query.get("month", ""), query.get("page", "1"), query.get("by", "")
    state = query.get("state", "")
    return DifferenceFilter(
        cause=query.get("cause", ""),
        customer_id=query.get("customer", ""),
        month=month if re.fullmatch(r"\d{4}-\d{2}", month) else "",
        owner=query.get("owner", ""),
        state=state if state in ("booked", "open") else "",
        by=by if by in GROUPS else GROUPS[0],
        page=int(page) if page.isdecimal() and len(page) < 7 else 1,
    )


@login_required
def differences(request: Request) -> HttpResponse:
    """Sums by cause, customer, month or owner, and beneath them each difference with its proof."""
    wanted = _wanted(request.GET)
    page = show_all_differences(request.viewing, wanted)
    context = {
        "section": "cash",
        "page": page,
        "wanted": wanted,
        "by": [
            ("cause", _("By cause")),
            ("customer", _("By customer")),
            ("month", _("By month")),
            ("owner", _("By owner")),
        ],
        "causes": [(name, words.word("cause", name)) for name in cause_names()],
        "owners": list(words.words("owner").items()),
        "states": [("booked", _("Booked on an account")), ("open", _("Left open"))],
        "filtered": bool(wanted.cause or wanted.customer_id or wanted.month or wanted.owner or wanted.state),
        "groups": [(row, _label(wanted.by, row.key, row.name)) for row in page.groups[:_GROUPS_SHOWN]],
        "months": [(month, _label("month", month, month)) for month in page.months],
        "several": len(request.viewing.entity_ids) > 1,
        "previous": wanted.page - 1,
        "following": wanted.page + 1,
    }
    return render(request, "differences/differences.html", context)


@login_required
def export(request: Request, kind: str) -> HttpResponse:
    """The whole filtered list as CSV or XLSX."""
    viewing = request.viewing
    tables.check(kind, viewing.actor)
    rows = list_all_differences(viewing, _wanted(request.GET))
    columns = [
        tables.Column(_("Entity"), [row.entity_id for row in rows]),
        tables.Column(_("Decided"), [row.decided_on for row in rows], "date"),
        tables.Column(_("Cause"), [words.word("cause", row.cause) for row in rows]),
        tables.Column(_("Account of the customer"), [row.customer_id.partition(":")[2] for row in rows]),
        tables.Column(_("Customer"), [row.customer_name for row in rows]),
        tables.Column(_("Item"), [row.item_number for row in rows]),
        tables.Column(_("Receipt"), [row.receipt_id for row in rows]),
        tables.Column(_("Payer"), [row.payer_name for row in rows]),
        tables.Column(_("Amount"), [(row.amount, row.currency) for row in rows], "money"),
        tables.Column(_("Currency"), [row.currency for row in rows]),
        tables.Column(_("Given up"), [(row.worth, row.entity_currency) for row in rows], "money"),
        tables.Column(_("State"), [_("Left open") if row.open else _("Booked on an account") for row in rows]),
        tables.Column(_("Ledger account"), [row.account for row in rows]),
        tables.Column(_("Who looks at it"), [words.word("owner", row.owner) for row in rows]),
        tables.Column(_("Proof"), [said(row.proof) for row in rows]),
        tables.Column(_("Outside the policy"), [said(row.outside) if row.outside else "" for row in rows]),
    ]
    name = _("differences")
    return tables.answer(kind, f"{name}-{viewing.today:%Y-%m-%d}", columns)
