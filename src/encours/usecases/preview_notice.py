"""A notice to our own people as it would be said of a real customer: what Templates shows while it is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from encours.store.models import Customer, CustomerPosition, PlannedAction, Task, User
from encours.usecases import clock
from encours.usecases.letters import says
from encours.usecases.message_recipients import user_named
from encours.usecases.message_template import INTERNAL, Rendered, Source, render
from encours.usecases.message_values import link
from encours.usecases.notice_words import spoken, task_words, words_of
from encours.usecases.rights import Actor, NotAllowedError
from encours.usecases.send_notices import TEMPLATES, Notice, address_of, notice_values
from encours.usecases.step_words import step_words
from encours.usecases.tell_sales import Owed, asked_of, digest_values

_HOURS, _CUSTOMERS = 48, 20


def is_notice(code: str) -> bool:
    """Whether a template speaks to our own people."""
    return code in INTERNAL


def preview_notice(actor: Actor, source: Source, customer_id: str) -> tuple[str, Rendered]:
    """(to whom, what it says) of a customer's facts; nothing is kept.

    It is read by the customer's sales owner, else by whoever looks. Raises NotAllowedError; CallError with the line of
    what the template cannot say.
    """
    customer = actor.scope(Customer).filter(customer_id=customer_id, is_current=True).first()
    if customer is None:
        raise NotAllowedError("see", None, "not_visible")
    owner = user_named(customer.sales_owner) or actor.user or User(first_name="", email="")
    kind = next(kind for kind, code in TEMPLATES.items() if code == source.code)
    said = spoken(source.language)
    data = _facts(actor, customer, owner, kind, said)
    notice = Notice(kind, customer.entity_id, owner.pk or 0, customer_id if kind != "digest" else "", data)
    values = notice_values(notice, actor.user, owner, said)
    return owner.email, render(source, values, {"link": link(address_of(notice), ours=True)})


def _facts(actor: Actor, customer: Customer, owner: User, kind: str, language: str) -> Mapping[str, Any]:
    today = clock.today()
    if kind == "digest":
        return _digest(actor, customer, owner, language)
    if kind == "step_notice":
        owed = _owed(actor, [customer.customer_id])
        first = owed[0] if owed else Owed(customer.customer_id, 0, "EUR", 0)
        return {
            "total": says.money(first.amount, first.currency, language, code=True), "oldest_days": first.days,
            "notice": {
                "step": _next_step(customer, language), "on": today + timedelta(hours=_HOURS),
                "before": today + timedelta(hours=_HOURS), "hours": _HOURS,
            },
        }  # fmt: skip
    if kind == "task_given":
        task = Task.objects.filter(customer_id=customer.customer_id, state=Task.State.OPEN).order_by("due_on").first()
        title = (task.title or task_words(task.kind, language)) if task else task_words("call_back", language)
        return {"task": {"title": title, "kind": "other", "due_on": task.due_on if task else today + timedelta(days=3)}}
    comment = words_of("sample_comment", language)
    if kind == "step_copied":
        owed = _owed(actor, [customer.customer_id])
        total = says.money(owed[0].amount if owed else 0, owed[0].currency if owed else "EUR", language, code=True)
        return {"total": total, "copied": {"step": _next_step(customer, language), "channel": "call", "said": comment}}
    return {"comment": comment} | ({"hold": {"until_on": today + timedelta(days=14)}} if kind == "hold_asked" else {})


def _digest(actor: Actor, customer: Customer, owner: User, language: str) -> Mapping[str, Any]:
    """The overdue customers of the same sales owner; without one the customer alone."""
    ids = [customer.customer_id]
    if customer.sales_owner:
        own = actor.scope(Customer).filter(
            entity_id=customer.entity_id, sales_owner=customer.sales_owner, is_current=True
        )
        ids = list(own.values_list("customer_id", flat=True))
    owed = _owed(actor, ids)[:_CUSTOMERS]
    people = {one.customer_id for one in owed}
    asks = asked_of(customer.entity_id, owner.pk, people, language) if owner.pk else {}
    return digest_values(customer.entity_id, owed, asks, language)


def _owed(actor: Actor, customer_ids: list[str]) -> list[Owed]:
    """What these customers owe that is overdue, the largest first."""
    rows = actor.scope(CustomerPosition).filter(customer_id__in=customer_ids, overdue__gt=0).order_by("-overdue")
    today = clock.today()
    return [
        Owed(row.customer_id, row.overdue, row.currency, (today - row.oldest_due_on).days if row.oldest_due_on else 0)
        for row in rows
    ]


def _next_step(customer: Customer, language: str) -> str:
    """A formal step that is planned for it, else one that a scenario has: what sales are told of beforehand."""
    names = step_words([customer.entity_id], language)
    planned = PlannedAction.objects.filter(customer_id=customer.customer_id, formal=True).order_by("-day", "-level")
    code = planned.values_list("step", flat=True).first() or next((one for one in names if "formal" in one), "")
    return names.get(code, code) or words_of("sample_step", language)
