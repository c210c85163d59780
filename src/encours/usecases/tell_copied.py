"""Whom a step copies besides: our own people are told once its letter left, or its call was made."""

from __future__ import annotations

from collections.abc import Iterable

from encours.store.models import PlannedAction, User
from encours.usecases.chased_facts import active_users, customer_of
from encours.usecases.letters import says
from encours.usecases.message_recipients import ours
from encours.usecases.notice_words import spoken
from encours.usecases.send_notices import STEP_COPIED, Notice, send_notices
from encours.usecases.step_words import step_words


def tell_copied(actions: Iterable[PlannedAction], by: User | None, said: str = "") -> int:
    """Tells the colleagues whom the steps' `cc` names, in the caller's transaction; how many notices.

    An e-mail has its own copies and is not told again; whoever did the step needs no word of it. `said`: the words
    that its doer noted.
    """
    notices = []
    for action in actions:
        customer = customer_of(action.customer_id)
        if customer is None or (action.channel == "email" and action.mode != "task"):
            continue
        meant = {one.email.casefold() for role in action.cc for one in ours(customer, role) if one.email}
        readers = [one for one in active_users() if one.email.casefold() in meant and one != by]
        notices += [_notice(action, user, said) for user in readers]
    return len(send_notices(notices, by))


def _notice(action: PlannedAction, user: User, said: str) -> Notice:
    language = spoken(user.language)
    data = {
        "total": says.money(action.amount, action.currency, language, code=True),
        "copied": {
            "step": step_words([action.entity_id], language).get(action.step, action.step),
            "channel": action.channel, "said": said.strip(),
        },
    }  # fmt: skip
    return Notice(STEP_COPIED, action.entity_id, user.pk, action.customer_id, data)
