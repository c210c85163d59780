"""The disputes: the list with its ageing by owner, one dispute, the same as a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from encours.usecases.follow_dispute import assign_dispute, close_dispute
from encours.usecases.show_disputes import (
    STATES,
    DisputeFilter,
    list_disputes,
    reasons,
    show_dispute,
    show_disputes,
)
from encours.usecases.write_comment import write_comment
from encours.web.shell import tables, words
from encours.web.shell.acting import attempt
from encours.web.shell.forms import form_key, read_day
from encours.web.shell.request import Request


def _wanted(query: QueryDict) -> DisputeFilter:
    state, page = query.get("state", ""), query.get("page", "1")
    return DisputeFilter(
        state=state if state in STATES else STATES[0],
        owner=query.get("owner", ""),
        reason=query.get("reason", ""),
        text=query.get("q", ""),
        page=int(page) if page.isdecimal() and len(page) < 7 else 1,
    )


@login_required
def disputes(request: Request) -> HttpResponse:
    """What is contested, the most overdue first, and how old it is at each owner."""
    wanted = _wanted(request.GET)
    page = show_disputes(request.viewing, wanted)
    titles = {"open": pgettext("dispute", "Open"), "late": _("Late"), "closed": _("Closed")}
    context = {
        "section": "disputes",
        "page": page,
        "wanted": wanted,
        "states": [(code, titles[code], page.counts[code]) for code in STATES],
        "reasons": [(code, words.word("dispute_reason", code)) for code in reasons()],
        "owners": list(dict.fromkeys((row.key, _owner(row.owner, row.person)) for row in page.owners)),
        "filtered": bool(wanted.owner or wanted.reason or wanted.text),
        "several": len(request.viewing.entity_ids) > 1,
        "previous": wanted.page - 1,
        "following": wanted.page + 1,
    }
    return render(request, "disputes/disputes.html", context)


def _owner(owner: str, person: str) -> str:
    return person or words.word("dispute_owner", owner)


@login_required
def dispute(request: Request, dispute_id: str) -> HttpResponse:
    """One dispute with what was said of it."""
    page = show_dispute(request.viewing, dispute_id)
    if page is None:
        raise Http404
    context = {
        "section": "disputes",
        "page": page,
        "row": page.row,
        "key": form_key(),
        "outcomes": [(code, words.word("dispute_outcome", code)) for code in page.outcomes],
    }
    return render(request, "disputes/dispute.html", context)


@login_required
@require_POST
def assign(request: Request, dispute_id: str) -> HttpResponse:
    """Who settles it, and by when."""
    form = request.POST
    owner = form.get("owner", "")

    def act() -> None:
        due_on: date | None = read_day(form.get("due_on", ""))
        wanted = int(owner) if owner.isdecimal() else None
        assign_dispute(request.viewing.actor, dispute_id, wanted, due_on, form.get("expected", ""))

    return _done(request, dispute_id, act, _("Owner and day saved."))


@login_required
@require_POST
def comment(request: Request, dispute_id: str) -> HttpResponse:
    """Says something to colleagues."""
    form = request.POST

    def act() -> None:
        key = form.get("key", "") or form_key()
        write_comment(request.viewing.actor, "dispute", dispute_id, form.get("text", ""), key=key)

    return _done(request, dispute_id, act, _("Comment saved."))


@login_required
@require_POST
def close(request: Request, dispute_id: str) -> HttpResponse:
    """Ends it with an outcome."""
    form = request.POST

    def act() -> None:
        close_dispute(request.viewing.actor, dispute_id, form.get("outcome", ""), form.get("why", ""))

    return _done(request, dispute_id, act, _("Dispute closed: what was contested is asked for again."))


def _done(request: Request, dispute_id: str, act: Callable[[], None], told: str) -> HttpResponse:
    if show_dispute(request.viewing, dispute_id) is None:
        raise Http404
    attempt(request, act, told)
    return HttpResponseRedirect(reverse("dispute", args=[dispute_id]))


@login_required
def export(request: Request, kind: str) -> HttpResponse:
    """The whole filtered list as CSV or XLSX."""
    viewing = request.viewing
    tables.check(kind, viewing.actor)
    rows = list_disputes(viewing, _wanted(request.GET))
    columns = [
        tables.Column(_("Entity"), [row.entity_id for row in rows]),
        tables.Column(_("Account"), [row.customer_id.partition(":")[2] for row in rows]),
        tables.Column(_("Customer"), [row.customer_name for row in rows]),
        tables.Column(_("Item"), [row.number for row in rows]),
        tables.Column(_("Disputed"), [(row.amount, row.currency) for row in rows], "money"),
        tables.Column(_("Open of the item"), [(row.open, row.currency) for row in rows], "money"),
        tables.Column(_("Currency"), [row.currency for row in rows]),
        tables.Column(_("Reason"), [words.word("dispute_reason", row.reason) for row in rows]),
        tables.Column(_("Owner"), [_owner(row.owner, row.person) for row in rows]),
        tables.Column(_("Opened"), [row.opened_on for row in rows], "date"),
        tables.Column(_("To be settled by"), [row.due_on for row in rows], "date"),
        tables.Column(_("Age in days"), [row.days for row in rows], "number"),
        tables.Column(_("Late by days"), [row.late_days for row in rows], "number"),
        tables.Column(_("Closed"), [row.closed_on for row in rows], "date"),
        tables.Column(_("Outcome"), [words.word("dispute_outcome", row.outcome) for row in rows]),
    ]
    name = _("disputes")
    return tables.answer(kind, f"{name}-{viewing.today:%Y-%m-%d}", columns)
