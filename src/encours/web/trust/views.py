"""The page of the promise and its acts: switch posting, choose a budget, judge what was drawn, rewind a run."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.core.base.money import to_minor
from encours.usecases.automatic_posting import activate_automatic_posting, stop_automatic_posting
from encours.usecases.certify_matching import certify_matching
from encours.usecases.error_budget import allow_prior, set_error_budget, stop_prior
from encours.usecases.judge_match import judge_match
from encours.usecases.rewind_messages import Between
from encours.usecases.rewind_posts import rewind_posts
from encours.usecases.rewind_run import rewind_run
from encours.usecases.rewinding import Part, RewindPreview, Rewound
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_trust import (
    BETWEEN_ROWS,
    currency_of,
    show_past_rewinds,
    show_rewind,
    show_rewind_posts,
    show_trust,
    trust_curve,
)
from encours.usecases.switch_stratum import switch_stratum
from encours.web.shell import charts
from encours.web.shell import format as form
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request


@login_required
def trust(request: Request) -> HttpResponse:
    """The promise of the chosen entity, or a line for each of several."""
    try:
        page = show_trust(request.viewing)
    except NotAllowedError as refused:
        raise PermissionDenied from refused
    return render(request, "trust/trust.html", {"section": "trust", "page": page})


@login_required
def chart(request: Request) -> HttpResponse:
    """Coverage against errors, once the page stands."""
    points, budget = trust_curve(request.viewing)
    names = (_("errors found"), _("errors at most"), _("accepted"))
    drawn = charts.trade_off(points, budget, names, narrow="narrow" in request.GET)
    return render(request, "trust/chart.html", {"svg": drawn})


@login_required
@require_POST
def posting(request: Request) -> HttpResponse:
    """Automatic posting on, up to a limit, or off."""
    entity_id, why = _entity(request), request.POST.get("why", "")
    if request.POST.get("act") == "stop":
        return _done(
            request,
            lambda: bool(stop_automatic_posting(request.viewing.actor, entity_id, why)),
            _("Automatic posting is off: from now on everything waits for a person."),
        )

    def activate() -> bool:
        limit = _amount(request.POST.get("limit", ""), currency_of(entity_id))
        return activate_automatic_posting(request.viewing.actor, entity_id, why, limit).on

    return _done(
        request, activate, _("Automatic posting is on from the next run."), _("Signed: a second signature is needed.")
    )


@login_required
@require_POST
def budget(request: Request) -> HttpResponse:
    """Another error budget; the certificate is made for it at once."""
    entity_id, why = _entity(request), request.POST.get("why", "")
    many = request.POST.get("many", "")

    def change() -> bool:
        if not many.isdecimal() or not 0 < int(many) < 10**6:
            raise CallError(["choose one of the budgets that are offered"])
        alone = "per_stratum" in request.POST
        set_error_budget(request.viewing.actor, entity_id, 1 / int(many), why, per_stratum=alone)
        return True

    return _done(request, change, _("The budget was changed and a certificate made for it."))


@login_required
@require_POST
def prior(request: Request) -> HttpResponse:
    """Posting on the shipped model's certificate, on or off."""
    entity_id, why = _entity(request), request.POST.get("why", "")
    actor = request.viewing.actor
    if request.POST.get("act") == "stop":
        return _done(request, lambda: bool(stop_prior(actor, entity_id, why)), _("The shipped model no longer posts."))
    return _done(
        request,
        lambda: allow_prior(actor, entity_id, why).prior,
        _("The shipped model may post until this book has a certificate of its own."),
        _("Signed: a second signature is needed."),
    )


@login_required
@require_POST
def certify(request: Request) -> HttpResponse:
    """A certificate from what is judged now."""
    entity_id = _entity(request)
    return _done(
        request,
        lambda: bool(certify_matching(request.viewing.actor, [entity_id], force=True)),
        _("The certificate was made from what is judged so far."),
    )


@login_required
@require_POST
def stratum(request: Request) -> HttpResponse:
    """A kind of match off, or on again."""
    entity_id, on, why = _entity(request), request.POST.get("on") == "1", request.POST.get("why", "")
    name = request.POST.get("stratum", "")
    return _done(
        request,
        lambda: switch_stratum(request.viewing.actor, entity_id, name, on, why) or True,
        _("This kind of match posts by itself again.") if on else _("This kind of match waits for a person."),
    )


@login_required
@require_POST
def judge(request: Request, audit_id: int) -> HttpResponse:
    """A drawn post is right, or wrong and undone."""
    right = request.POST.get("right") == "1"
    try:
        judge_match(request.viewing.actor, audit_id, right, request.POST.get("note", ""))
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        text = _("Not done: %(why)s") % {"why": said_together(refused.faults)}
        return _judged(request, text, wrong=True)
    return _judged(request, _("Judged right.") if right else _("Judged wrong: the match was undone."), right=right)


@login_required
def run(request: Request, run_id: int) -> HttpResponse:
    """What rewinding a run would do."""
    rule, kind = request.GET.get("rule", ""), request.GET.get("stratum", "")
    try:
        preview, payers = show_rewind(request.viewing, run_id, rule, kind)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        raise Http404 from refused
    return _preview(request, preview, payers, Part(preview.entity_id, run_id, rule=rule, stratum=kind))


@login_required
def posts(request: Request) -> HttpResponse:
    """What rewinding a version of the model, a rule or a kind of match over all runs would do."""
    part = _part(request.GET)
    try:
        preview, payers = show_rewind_posts(request.viewing, part)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        raise Http404 from refused
    return _preview(request, preview, payers, part)


def _part(told: QueryDict) -> Part:
    model, rule, kind = (told.get(name, "") for name in ("model", "rule", "stratum"))
    return Part(told.get("of", ""), model=model, rule=rule, stratum=kind)


def _preview(request: Request, preview: RewindPreview, names: dict[str, str], part: Part) -> HttpResponse:
    rows = [(post, names.get(post.receipt_id, "")) for post in preview.largest]
    done, people = show_past_rewinds(request.viewing, part)
    meanwhile = {
        "meanwhile": _meanwhile(preview.between, names, "now"),
        "done": [(one, _meanwhile(one.between, people, f"then-{n}")) for n, one in enumerate(done)],
    }
    total = sum(abs(amount) for _, amount in preview.totals)
    may = request.viewing.actor.may("rewind_run", preview.entity_id, total)
    told = {"rule": part.rule, "stratum": part.stratum, "part": part} | meanwhile
    return render(request, "trust/run.html", {"section": "trust", "preview": preview, "rows": rows, "may": may} | told)


def _meanwhile(between: Between, names: dict[str, str], place: str) -> dict[str, object]:
    """The lists of messages and of those left alone, as far as the page shows them; `place`: which lists they are."""
    return {
        "place": place,
        "sent_count": len(between.sent),
        "sent": [(one, names.get(one.customer_id, "")) for one in between.sent[:BETWEEN_ROWS]],
        "more_sent": len(between.sent) > BETWEEN_ROWS,
        "alone_count": len(between.alone),
        "alone": [(one, names.get(one.customer_id, "")) for one in between.alone[:BETWEEN_ROWS]],
        "more_alone": len(between.alone) > BETWEEN_ROWS,
    }


@login_required
@require_POST
def rewind(request: Request, run_id: int) -> HttpResponse:
    """Reverses a run, or one rule's posts in it."""
    part = (request.POST.get("rule", ""), request.POST.get("stratum", ""))
    actor, why = request.viewing.actor, request.POST.get("why", "")
    return _rewound(request, lambda: rewind_run(actor, run_id, why, *part), reverse("trust_run", args=[run_id]))


@login_required
@require_POST
def rewind_many(request: Request) -> HttpResponse:
    """Reverses the posts of a version of the model, a rule or a kind of match, over all runs."""
    part, why = _part(request.POST), request.POST.get("why", "")
    named = {"of": part.entity_id, "model": part.model, "rule": part.rule, "stratum": part.stratum}
    back = f"{reverse('trust_posts')}?{urlencode({name: value for name, value in named.items() if value})}"
    return _rewound(request, lambda: rewind_posts(request.viewing.actor, part, why), back)


def _rewound(request: Request, act: Callable[[], Rewound], back: str) -> HttpResponse:
    """Rewinds and says so; refused, back to the look before it."""
    try:
        done = act()
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        messages.error(request, _("Not done: %(why)s") % {"why": said_together(refused.faults)})
        return HttpResponseRedirect(back)
    text = ngettext("%(count)s post was rewound.", "%(count)s posts were rewound.", done.posts)
    messages.success(request, text % {"count": form.number(done.posts)})
    return HttpResponseRedirect(reverse("trust"))


def _judged(request: Request, text: str, *, right: bool | None = None, wrong: bool = False) -> HttpResponse:
    if not request.htmx:
        (messages.error if wrong else messages.success)(request, text)
        return HttpResponseRedirect(f"{reverse('trust')}#queue")
    answer = render(request, "trust/answer.html", {"toast": text, "toast_wrong": wrong, "right": right})
    if wrong:
        answer["HX-Reswap"] = "none"
    return answer


def _entity(request: Request) -> str:
    """The entity that the form names; one that is not seen does not exist."""
    entity_id = request.POST.get("of", "")
    if not request.viewing.actor.sees(entity_id):
        raise Http404
    return entity_id


def _done(request: Request, act: Callable[[], bool], text: str, otherwise: str = "") -> HttpResponse:
    """Does an act and says so; `otherwise` where it waits for a second person. A refusal says why."""
    try:
        messages.success(request, text if act() else otherwise or text)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        messages.error(request, _("Not done: %(why)s") % {"why": said_together(refused.faults)})
    return HttpResponseRedirect(reverse("trust"))


def _amount(text: str, currency: str) -> int | None:
    if not text.strip():
        return None
    try:
        return to_minor(text.strip(), currency)
    except ValueError as error:
        raise CallError(["a limit is an amount above zero"]) from error
