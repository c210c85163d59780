"""Templates: read, tried on a real customer while they are written, saved when nothing is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.usecases.edit_template import TONES, language_faults, restore_shipped, save_template
from encours.usecases.letter_wording import CHANNEL
from encours.usecases.message_template import Source
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_wording import preview_words, show_wording
from encours.web.scenarios.guard import chaser
from encours.web.shell import format as form
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request


@chaser
def templates(request: Request) -> HttpResponse:
    """All templates, one of them opened with its preview."""
    return _page(request, request.GET)


def _page(request: Request, asked: QueryDict, typed: Source | None = None) -> HttpResponse:
    """The page; with `typed`, what somebody wrote stands where it was written, though it was not saved."""
    language = ("" if "add" in asked and not _is_language(asked) else _asked_language(asked)) or str(
        getattr(request, "LANGUAGE_CODE", "fr")
    )[:2]
    page = show_wording(
        request.viewing, asked.get("of", ""), asked.get("code", ""), language, asked.get("channel", ""),
        asked.get("opened", "") or asked.get("tone", ""),
    )  # fmt: skip
    who = asked.get("customer", "") or (page.examples[0].customer_id if page.examples else "")
    before = page.opened
    if typed is not None and page.opened is not None:
        words = {"subject": typed.subject, "text": typed.text, "html": typed.html, "tone": typed.tone}
        page = replace(page, opened=replace(page.opened, **words))
    shown = preview_words(request.viewing, page.opened, who) if page.opened and who else None
    state = next((one for one in page.languages.added if before and one.code == before.language), None)
    context = {
        "added": [SimpleNamespace(**vars(one) | {"name": form.language(one.code)}) for one in page.languages.added],
        "wanted": [(code, form.language(code), count) for code, count in page.languages.wanted],
        "state": state, "speaks": form.language(state.code) if state else "",
        "lacks": (state.letter_lacks if before and before.channel == CHANNEL else state.email_lacks) if state else [],
        "refused": asked.get("add", "") if "add" in asked and not _is_language(asked) else "",
        "section": "wording", "page": page, "preview": shown, "who": who,
        "tones": TONES, "current": before, "can_edit": request.viewing.actor.may("edit_template", page.entity_id).ok,
        "groups": [(_("Messages and notices"), _grouped(page.rows)), (_("Printed letters"), _grouped(page.letters))],
        "picked": "code" in asked,
        "known": [(name, " ".join(fields)) for name, fields in page.names.items()],
    }  # fmt: skip
    return render(request, "wording/wording.html", context)


def _asked_language(asked: QueryDict) -> str:
    """The language of the address; one that is added may be given with its region, which makes no language here."""
    return (asked.get("add", "") or asked.get("language", "")).strip().lower().replace("_", "-").partition("-")[0][:8]


def _is_language(asked: QueryDict) -> bool:
    return not language_faults(_asked_language(asked))


def _grouped(rows: list[Source]) -> list[tuple[str, list[Source]]]:
    found: dict[str, list[Source]] = {}
    for row in rows:
        found.setdefault(row.code, []).append(row)
    return list(found.items())


def _source(request: Request) -> Source:
    asked = request.POST
    channel = CHANNEL if asked.get("channel") == CHANNEL else Source.channel
    return Source(
        asked.get("code", "")[:64], asked.get("language", "")[:8], asked.get("subject", ""),
        asked.get("text", "").replace("\r\n", "\n"), asked.get("html", "").replace("\r\n", "\n"),
        channel, asked.get("tone", ""),
    )  # fmt: skip


@chaser
@require_POST
def preview(request: Request) -> HttpResponse:
    """What the words in the form say to the chosen customer, and what is wrong with them."""
    try:
        shown = preview_words(request.viewing, _source(request), request.POST.get("customer", ""))
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    return render(request, "wording/preview.html", {"preview": shown})


@chaser
@require_POST
def save(request: Request) -> HttpResponse:
    """A new version, in force at once; with faults nothing is kept, and the words stand where they were written."""
    source, of = _source(request), request.POST.get("of", "")
    if not request.viewing.actor.sees(of):
        raise Http404
    try:
        save_template(
            request.viewing.actor, source.code, source.language, source.subject, source.text, html=source.html,
            tone=source.tone or "neutral", channel=source.channel, entity_id=of,
        )  # fmt: skip
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
        return _page(request, request.POST, source)
    messages.success(request, _("Saved: it holds from the next message on."))
    return HttpResponseRedirect(_back(request, source))


@chaser
@require_POST
def restore(request: Request) -> HttpResponse:
    """The shipped words again."""
    source, of = _source(request), request.POST.get("of", "")
    if not request.viewing.actor.sees(of):
        raise Http404
    tone = request.POST.get("opened", "") if source.channel == CHANNEL else ""
    try:
        restore_shipped(
            request.viewing.actor, source.code, source.language, tone=tone, channel=source.channel, entity_id=of
        )
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    messages.success(request, _("The words that came with Encours hold again."))
    return HttpResponseRedirect(_back(request, source))


def _back(request: Request, source: Source) -> str:
    query = {"of": request.POST.get("of", ""), "code": source.code, "language": source.language,
             "customer": request.POST.get("customer", "")}  # fmt: skip
    if source.channel == CHANNEL:
        query |= {"channel": CHANNEL, "tone": source.tone}
    return f"{reverse('wording')}?{urlencode(query)}"
