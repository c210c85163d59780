"""What can be done with a row, read from its form and handed to the use case that does it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from encours.core.base.issue import CallError
from encours.core.base.money import AmountError, to_minor
from encours.usecases.call_script import call_scripts
from encours.usecases.compose_message import Wish
from encours.usecases.contact_outcomes import OUTCOMES
from encours.usecases.edit_template import TONES
from encours.usecases.invoice_copies import with_copy
from encours.usecases.log_contact import Logged, log_contact
from encours.usecases.manage_scenarios import choose_scenario, scenarios_of
from encours.usecases.mark_action import (
    STRATEGIES,
    finish_action,
    pin,
    reassign,
    reopen_action,
    set_strategy,
    skip_action,
    snooze,
)
from encours.usecases.open_dispute import REASONS
from encours.usecases.record_promise import record_promise
from encours.usecases.rights import Actor
from encours.usecases.send_action import look_at, send_action
from encours.usecases.send_copies import send_copies
from encours.usecases.show_action import ActionPage
from encours.web.shell import format as form
from encours.web.shell import words
from encours.web.shell.issue_words import said_together
from encours.web.shell.request import Request
from encours.web.today.shown import named

#: Which form a failed act came from.
FORM_OF = {"unpin": "pin", "reopen": ""}
#: Instalments that the form of a call takes.
PARTS = 4


@dataclass(frozen=True)
class Done:
    """What was done, in words; `closes`: the row is done with; `undo`: the act that takes it back."""

    says: str
    closes: bool = True
    undo: str = ""


def offered(actor: Actor, page: ActionPage) -> list[tuple[str, str, str]]:
    """[code, label, key] of the forms that this person may use on this row."""
    row = page.row
    if row.state != "planned":
        return []
    every = [
        ("send", _("Look and send"), "a", "approve_message"),
        ("call", _("Log a call"), "l", "log_contact"),
        ("copies", _("Send a copy"), "", "approve_message"),
        ("promise", _("Promise"), "p", "record_promise"),
        ("snooze", _("Put off"), "z", "plan_dunning"),
        ("assign", _("Give to"), "r", "assign_task"),
        ("pin", _("Put first"), "t", "pin_action"),
        ("skip", _("Leave out"), "x", "plan_dunning"),
        ("follow", _("Scenario"), "", "choose_scenario"),
        ("strategy", _("Strategy"), "", "set_strategy"),
    ]
    wanted = [one for one in every if one[0] != "send" or not row.is_task]
    return [(code, label, key) for code, label, key, act in wanted if actor.may(act, row.entity_id).ok]


def call_context(request: Request, page: ActionPage) -> dict[str, Any]:
    """What the form of a call shows: what to say, and what may come of it."""
    named = words.words("outcome")
    broken = page.promise is not None and page.promise.code == "broken"
    language = (get_language() or "fr")[:2]
    try:
        scripts = call_scripts(request.viewing.actor, page.row.action_id, language, broken=broken)
        fault = ""
    except CallError as refused:
        scripts, fault = [], said_together(refused.faults)
    return {
        "scripts": scripts,
        "script_fault": fault,
        "outcomes": [(code, named.get(code, code), " ".join(kind.needs)) for code, kind in OUTCOMES.items()],
        "parts": range(1, PARTS + 1),
        "dispute_reasons": [(code, words.word("dispute_reason", code)) for code in REASONS],
    }  # fmt: skip


def copies_context(page: ActionPage) -> dict[str, Any]:
    """Invoices of which a copy can be sent, and those of which none is known."""
    known = set(with_copy([line.item_id for line in page.lines]))
    return {"copies": [(line, line.item_id in known) for line in page.lines]}


def wish_of(posted: Any) -> Wish | None:
    """What a person chose for the message; None where the form asks nothing. Words count where they were changed."""
    if "chosen" not in posted:
        return None
    words = {name: posted.get(name, "").replace("\r\n", "\n") for name in ("subject", "text")}
    changed = {name: text for name, text in words.items() if text.strip() and posted.get(f"{name}_was") != _mark(text)}
    return Wish(
        copies=tuple(posted.getlist("copy")), as_zip="zip" in posted, language=posted.get("language", "")[:8],
        tone=posted.get("tone", "")[:24], **changed,
    )  # fmt: skip


def _mark(text: str) -> str:
    return hashlib.sha256(text.strip().encode()).hexdigest()[:24]


def send_context(request: Request, page: ActionPage) -> dict[str, Any]:
    """The message as it would leave, and what keeps it from leaving."""
    wish = wish_of(request.POST)
    look = look_at(request.viewing.actor, page.row.number, wish)
    usual = look if look.draft or wish is None else look_at(request.viewing.actor, page.row.number)
    choices = usual.draft.choices if usual.draft else None
    return {
        "choices": choices,
        "typed": wish if look.draft is None else None,  # words that cannot be said stay to be mended
        "tones": [(code, words.word("tone", code)) for code in TONES],
        "was": {"subject": _mark(choices.subject), "text": _mark(choices.text)} if choices else {},
        "draft": look.draft,
        "faults": said_together(look.faults) if look.faults else "",
        "can_send": look.can_send,
        "test_mode": look.test_mode,
    }


def choice_context(page: ActionPage) -> dict[str, Any]:
    """Scenarios that a customer may follow, and strategies that it may be given."""
    rows = scenarios_of(page.row.entity_id).scenarios
    return {
        "scenario_choices": [(one.code, named(one.names, one.code)) for one in rows],
        "strategies": [(code, words.word("strategy", code)) for code in STRATEGIES],
    }


def perform(request: Request, page: ActionPage, what: str) -> Done:
    """Does one act. Raises NotAllowedError or CallError."""
    actor, row, posted = request.viewing.actor, page.row, request.POST
    if what in ("send", "copies", "call"):
        return {"send": _sent, "copies": _copied, "call": _called}[what](actor, page, posted)
    if what == "promise":
        record_promise(
            actor, row.customer_id, _day(posted, "on"), key=_key(posted), amount=_amount(posted, row.currency),
            items=_asked(page), why=posted.get("detail", "").strip(),
        )  # fmt: skip
        finish_action(actor, row.number, "promise")
        return Done(_("Promise kept"))
    if what == "snooze":
        until = _day(posted, "until_on" if posted.get("until_on") else "until")
        snooze(actor, row.number, until)
        return Done(_("Put off until %(day)s") % {"day": form.day(until)}, undo="wake")
    if what == "wake":
        snooze(actor, row.number, page.today)
        return Done(_("Back on the list"), closes=False)
    if what == "assign":
        wanted = posted.get("user", "")
        reassign(actor, row.number, int(wanted) if wanted.isdecimal() else None)
        return Done(_("Given to a colleague"), closes=False)
    if what in ("pin", "unpin"):
        pin(actor, row.number, on=what == "pin")
        return Done(_("Put first") if what == "pin" else _("No longer first"), closes=False)
    if what == "follow":
        choose_scenario(actor, row.customer_id, posted.get("scenario", ""), why=posted.get("detail", "").strip())
        return Done(_("It holds from the next plan on."), closes=False)
    if what == "strategy":
        review = posted.get("review_on", "")
        owner = actor.user.pk if actor.user else None
        set_strategy(actor, row.customer_id, posted.get("strategy", ""), owner, _day(posted, "review_on") if review
                     else None)  # fmt: skip
        return Done(_("It holds from the next plan on."), closes=False)
    if what == "skip":
        skip_action(actor, row.number, posted.get("detail", "").strip())
        return Done(_("Left out today"), undo="reopen")
    if what == "reopen":
        reopen_action(actor, row.number)
        return Done(_("Back on the list"), closes=False)
    raise CallError(["nothing was chosen"])


def _sent(actor: Actor, page: ActionPage, posted: Any) -> Done:
    send_action(actor, page.row.number, wish_of(posted))
    return Done(_("In the outbox"))


def _copied(actor: Actor, page: ActionPage, posted: Any) -> Done:
    send_copies(actor, page.row.customer_id, posted.getlist("item"), _key(posted), as_zip="zip" in posted)
    return Done(_("The copies are in the outbox"), closes=False)


def _called(actor: Actor, page: ActionPage, posted: Any) -> Done:
    outcome = posted.get("outcome", "")
    kind = OUTCOMES.get(outcome)
    if kind is None:
        raise CallError(["say what came of the call"])
    said = Logged(
        page.row.customer_id, outcome, _key(posted), detail=posted.get("detail", "").strip(),
        action_id=page.row.action_id,
        on=_day(posted, "on") if "on" in kind.needs else None,
        amount=_amount(posted, page.row.currency) if "on" in kind.needs else None,
        reference=posted.get("reference", "").strip() if "on" in kind.needs else "",
        reason=posted.get("reason", "") if "reason" in kind.needs else "",
        parts=_parts(posted, page.row.currency) if "parts" in kind.needs else (),
        items=tuple(posted.getlist("item")[:1]) if "items" in kind.needs else tuple(_asked(page)),
    )  # fmt: skip
    log_contact(actor, said)
    return Done(words.word("outcome", outcome))


def _parts(posted: Any, currency: str) -> tuple[tuple[date, int], ...]:
    """Instalments: the rows of which both day and amount are given."""
    found = []
    for place in range(1, PARTS + 1):
        if posted.get(f"on{place}") and posted.get(f"amount{place}"):
            amount = _amount({"amount": posted[f"amount{place}"]}, currency)
            found.append((_day(posted, f"on{place}"), amount or 0))
    return tuple(found)


def _asked(page: ActionPage) -> list[str]:
    return [line.item_id for line in page.lines if line.amount > 0]


def _key(posted: Mapping[str, str]) -> str:
    key = posted.get("key", "")
    if not 8 <= len(key) <= 64 or not key.isalnum():
        raise CallError(["the form is out of date: open it again"])
    return key


def _day(posted: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(posted.get(name, ""))
    except ValueError:
        raise CallError(["give a day"]) from None


def _amount(posted: Mapping[str, str], currency: str) -> int | None:
    text = posted.get("amount", "").replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", ".")
    if not text:
        return None
    try:
        return to_minor(text, currency)
    except (AmountError, ValueError):
        raise CallError(["the amount is not readable"]) from None
