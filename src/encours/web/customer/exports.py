"""The open items of a customer as a file: what is owed, and when each is expected."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from encours.usecases.payment_habit import Expected
from encours.usecases.show_customer import ItemRow, OpenItems, open_items
from encours.web.shell import tables, words
from encours.web.shell.issue_words import said
from encours.web.shell.request import Request
from encours.web.shell.tables import Column


@login_required
def items(request: Request, customer_id: str, kind: str) -> HttpResponse:
    """Every open item of the page's level and day as CSV or XLSX."""
    viewing = request.viewing
    tables.check(kind, viewing.actor)
    found = open_items(viewing, customer_id, request.GET.get("level", ""))
    if found is None:
        raise Http404
    columns = [*_items(found)]
    if not viewing.is_past:  # what is expected is known of today alone
        columns += _expected([row.expected for row in found.items])
    name = f"{_('open-items')}-{found.identity.account}-{viewing.day:%Y-%m-%d}".replace('"', "").replace("\\", "")
    return tables.answer(kind, name, columns)


def _items(found: OpenItems) -> list[Column]:
    rows = found.items
    whose = [(row.customer_id, *found.accounts.get(row.customer_id, ("", row.customer_id))) for row in rows]
    return [
        Column(_("Entity"), [entity for _account, entity, _name in whose]),
        Column(_("Account"), [account.removeprefix(f"{entity}:") for account, entity, _name in whose]),
        Column(_("Customer"), [name for _account, _entity, name in whose]),
        Column(_("Number"), [f"{row.number} / {row.part}" if row.part else row.number for row in rows]),
        Column(_("Kind"), [str(words.word("item", row.kind)) for row in rows]),
        Column(_("Label"), [row.label or "" for row in rows]),
        Column(_("Issued"), [row.issued_on for row in rows], "date"),
        Column(_("Due"), [row.due_on for row in rows], "date"),
        Column(_("Days late"), [_late(row) for row in rows], "number"),
        Column(_("Amount"), [(row.amount, row.currency) for row in rows], "money"),
        Column(_("Open"), [(row.open, row.currency) for row in rows], "money"),
        Column(_("Currency"), [row.currency for row in rows]),
    ]


def _late(row: ItemRow) -> int | None:
    return row.late_days if row.open > 0 and row.late_days else None


def _expected(rows: list[Expected | None]) -> list[Column]:
    """Chances in percent; a credit note is not expected, and of what no day can be named none is."""
    named = [row if row and not row.is_unknown else None for row in rows]
    days = {
        _("Expected on"): [row.on if row else None for row in named],
        _("Not before (P10)"): [row.from_on if row else None for row in named],
        _("Not after (P90)"): [row.to_on if row else None for row in named],
        _("On average on"): [row.mean_on if row else None for row in named],
    }
    chances = {
        _("Late, %"): [row.p_late if row else None for row in rows],
        _("Unpaid after 90 days, %"): [row.p_unpaid_90 if row else None for row in rows],
        _("In parts, %"): [row.p_partial if row else None for row in rows],
    }
    return [
        *(Column(label, cells, "date") for label, cells in days.items()),
        *(
            Column(label, [None if share is None else 100 * share for share in cells], "number")
            for label, cells in chances.items()
        ),
        Column(_("What it rests on"), [str(words.word("prediction_basis", row.basis)) if row else "" for row in rows]),
        Column(_("Payments known"), [row.payments if row else None for row in rows], "number"),
        Column(_("What moved it"), [said(row.shift_says) if row and row.shift_says else "" for row in rows]),
        Column(_("Remark"), [_remark(row) if row else "" for row in rows]),
        Column(_("Leave alone until"), [row.until_on if row else None for row in rows], "date"),
        Column(_("As of"), [row.as_of if row else None for row in rows], "date"),
    ]


def _remark(row: Expected) -> str:
    """What the page marks an item with."""
    marks = {_("not foreseeable"): row.is_unknown, _("beyond the habit"): row.kind == "p90_passed"}
    return ", ".join(mark for mark, holds in marks.items() if holds)
