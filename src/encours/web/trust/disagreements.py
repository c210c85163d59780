"""The queue of disagreements with the ERP's letters: one case after the other, a key for each judgement."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.usecases.judge_disagreement import judge_disagreement
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_disagreements import DisagreementsPage, list_judged, show_disagreements
from encours.web.shell import tables
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request


def verdict_words() -> dict[str, str]:
    """What a judgement is called."""
    return {
        "ours": _("Ours is right"),
        "letter": _("The letter is right"),
        "neither": _("Both are wrong"),
        "unknown": _("Cannot tell"),
    }


@login_required
def disagreements(request: Request) -> HttpResponse:
    """The case to judge and those that follow, or what was judged."""
    chosen, number = request.GET.get("case", ""), request.GET.get("page", "1")
    try:
        page = show_disagreements(
            request.viewing,
            request.GET.get("tab", ""),
            int(chosen) if chosen.isdecimal() and len(chosen) < 16 else None,
            int(number) if number.isdecimal() and len(number) < 7 else 1,
        )
    except NotAllowedError as refused:
        raise PermissionDenied from refused
    return render(request, "trust/disagreements.html", _context(page))


@login_required
@require_POST
def judge_case(request: Request, disagreement_id: int) -> HttpResponse:
    """Keeps the judgement and answers with the next case; an empty verdict takes it back."""
    verdict = request.POST.get("verdict", "")
    try:
        judge_disagreement(request.viewing.actor, disagreement_id, verdict, request.POST.get("note", ""))
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        text = _("Not done: %(why)s") % {"why": said_together(refused.faults)}
        return _answer(request, None, text, wrong=True)
    said = _("Taken back: it waits again.") if not verdict else verdict_words()[verdict]
    undo = disagreement_id if verdict else None
    return _answer(request, None if verdict else disagreement_id, said, undo=undo)


@login_required
def export_judged(request: Request, kind: str) -> HttpResponse:
    """What was judged, as a file: letters that are wrong are corrected in the ERP from it."""
    tables.check(kind, request.viewing.actor)
    try:
        rows = list_judged(request.viewing)
    except NotAllowedError as refused:
        raise PermissionDenied from refused
    called = verdict_words()
    columns = [
        tables.Column(_("Entity"), [row.entity_id for row in rows]),
        tables.Column(_("Booked"), [row.booked_on for row in rows], "date"),
        tables.Column(_("Payer"), [row.payer_name for row in rows]),
        tables.Column(_("Receipt"), [row.receipt_id for row in rows]),
        tables.Column(_("Amount"), [(row.amount, row.currency) for row in rows], "money"),
        tables.Column(_("Currency"), [row.currency for row in rows]),
        tables.Column(_("Only we say"), [row.ours for row in rows]),
        tables.Column(_("Only the letter says"), [row.letter for row in rows]),
        tables.Column(_("Put elsewhere"), [(row.apart, row.currency) for row in rows], "money"),
        tables.Column(_("Judgement"), [called.get(row.verdict, row.verdict) for row in rows]),
        tables.Column(_("Judged by"), [row.judged_by for row in rows]),
        tables.Column(_("On"), [row.judged_at.date() if row.judged_at else None for row in rows], "date"),
        tables.Column(_("Note"), [row.note for row in rows]),
    ]
    name = _("disagreements")
    return tables.answer(kind, f"{name}-{request.viewing.today:%Y-%m-%d}", columns)


def _context(page: DisagreementsPage) -> dict[str, object]:
    labels = {"waiting": _("To be judged"), "judged": _("Judged"), "wrong_letters": _("Letters to correct")}
    called = verdict_words()
    return {
        "section": "trust",
        "page": page,
        "tabs": [(code, label, page.counts[code]) for code, label in labels.items()],
        "verdicts": [(code, called[code], str(key)) for key, code in enumerate(called, start=1)],
        "judged": [(called[code], page.verdicts[code]) for code in called],
        "rows": [(row, called.get(row.verdict, row.verdict)) for row in page.rows],
        "previous": page.page - 1,
        "next_page": page.page + 1,
    }


def _answer(
    request: Request, chosen: int | None, text: str, *, wrong: bool = False, undo: int | None = None
) -> HttpResponse:
    if not request.htmx:
        (messages.error if wrong else messages.success)(request, text)
        return HttpResponseRedirect(reverse("trust_disagreements"))
    page = show_disagreements(request.viewing, "", chosen)
    context = _context(page) | {"toast": text, "toast_wrong": wrong, "undo": undo}
    return render(request, "trust/disagreement_answer.html", context)
