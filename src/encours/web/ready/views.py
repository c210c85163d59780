"""How much of the overdue money is ready to be asked for, and the gaps as a worklist and a file."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from encours.usecases.show_ready import CHECKS, ReadyRow, list_gaps, show_ready
from encours.web.shell import tables
from encours.web.shell.request import Request

_GAPS: dict[str, str | Promise] = {
    "recipient": gettext_lazy("Recipient"),
    "copy": gettext_lazy("Copy of the invoice"),
    "due": gettext_lazy("Due date"),
    "account": gettext_lazy("Account to pay on"),
}


@login_required
def ready(request: Request) -> HttpResponse:
    """The shares, and the customers for whom something is missing."""
    page_text = request.GET.get("page", "1")
    number = int(page_text) if page_text.isdecimal() and len(page_text) < 7 else 1
    page = show_ready(request.viewing, request.GET.get("gap", ""), number)
    context = {
        "section": "ready",
        "page": page,
        "shares": [(share, [(_GAPS[check], share.part(check)) for check in CHECKS]) for share in page.shares],
        "gaps": [(check, _GAPS[check], page.counts[check]) for check in CHECKS],
        "previous": page.page - 1,
        "following": page.page + 1,
    }
    return render(request, "ready/ready.html", context)


@login_required
def export(request: Request, kind: str) -> HttpResponse:
    """The gaps as CSV or XLSX: what is to be completed, customer by customer."""
    viewing = request.viewing
    tables.check(kind, viewing.actor)
    rows = list_gaps(viewing, request.GET.get("gap", ""))
    columns = [
        tables.Column(_("Entity"), [row.entity_id for row in rows]),
        tables.Column(_("Account"), [row.customer_id.removeprefix(f"{row.entity_id}:") for row in rows]),
        tables.Column(_("Customer"), [row.name for row in rows]),
        tables.Column(_("Collector"), [row.collector or "" for row in rows]),
        tables.Column(_("Currency"), [row.currency for row in rows]),
        tables.Column(_("Overdue"), [(row.overdue, row.currency) for row in rows], "money"),
        tables.Column(_("Recipient"), [_recipient(row) for row in rows]),
        tables.Column(_("Items without a copy"), [row.copies for row in rows], "number"),
        tables.Column(_("Amount without a copy"), [(row.copies_amount, row.currency) for row in rows], "money"),
        tables.Column(_("Items without a due date"), [row.dues for row in rows], "number"),
        tables.Column(_("Account to pay on"), [_("yes") if row.account else _("missing") for row in rows]),
    ]
    return tables.answer(kind, f"{_('ready-to-send')}-{viewing.today:%Y-%m-%d}", columns)


def _recipient(row: ReadyRow) -> str:
    if row.recipient == "email":
        return _("e-mail")
    said = _("by post only") if row.recipient == "letter" else _("missing")
    why = {"bounced": _("the e-mail address bounced"), "opted_out": _("opted out of e-mail")}.get(row.why)
    return f"{said} ({why})" if why else said
