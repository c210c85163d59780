"""The notice before a formal notice or an order hold: sales lets it go or objects, the credit manager decides."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import StepNotice, Task
from encours.usecases import clock
from encours.usecases.hold_dunning import LONGEST_DAYS, deciders
from encours.usecases.manage_tasks import NewTask, finish, raise_tasks
from encours.usecases.promising import worked_days_later
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.send_notices import HOLD_ASKED, Notice, send_notices

ACT, DECIDE_ACT = "ask_hold", "decide_objection"
GO, OBJECTS = "go", "objects"
UPHELD, OVERRULED = "upheld", "overruled"


def answer_notice(
    actor: Actor, notice_id: int, objects: bool, *, reason: str = "", until_on: date | None = None
) -> StepNotice:
    """Answers a notice: lets the step go, or objects with a reason and a day. Only while its hours run; twice is once.

    An objection holds the step until the credit manager has decided. Raises NotAllowedError, CallError.
    """
    seen = _seen(actor, notice_id, ACT)
    require(actor, ACT, seen.entity_id)
    with transaction.atomic():
        parquet.lock_entity(seen.entity_id)
        notice = StepNotice.objects.get(pk=notice_id)
        if notice.answer:
            return notice
        _check(notice, objects, reason, until_on)
        notice.answer = OBJECTS if objects else GO
        notice.reason, notice.until_on = reason.strip(), until_on if objects else None
        notice.answered_at, notice.answered_by = clock.now(), actor.user
        notice.save()
        if objects:
            _ask(actor, notice)
        _audit(actor, "answer_notice", notice)
    return notice


def decide_objection(
    actor: Actor, notice_id: int, upheld: bool, *, until_on: date | None = None, why: str = ""
) -> StepNotice:
    """Decides an objection: upheld, the step waits until its day; overruled, it goes. Nobody decides their own.

    Twice is once. Raises NotAllowedError, CallError.
    """
    seen = _seen(actor, notice_id, DECIDE_ACT)
    require(actor, DECIDE_ACT, seen.entity_id)
    with transaction.atomic():
        parquet.lock_entity(seen.entity_id)
        notice = StepNotice.objects.get(pk=notice_id)
        if notice.answer != OBJECTS:
            raise CallError(["nobody objected to this step"])
        if notice.decision:
            return notice
        if actor.user is not None and notice.answered_by_id == actor.user.pk:
            raise NotAllowedError(DECIDE_ACT, notice.entity_id, "own_act")
        notice.decision = UPHELD if upheld else OVERRULED
        notice.until_on = (until_on or notice.until_on) if upheld else None
        if upheld:
            _check_day(notice.until_on)
        notice.decided_at, notice.decided_by = clock.now(), actor.user
        notice.save()
        for task in Task.objects.filter(entity_id=notice.entity_id, key=_key(notice), state=Task.State.OPEN):
            finish(actor, task, notice.decision)
        _audit(actor, DECIDE_ACT, notice, why)
    return notice


def _check(notice: StepNotice, objects: bool, reason: str, until_on: date | None) -> None:
    if clock.now() > notice.asked_at + timedelta(hours=notice.hours):
        raise CallError(["the time to object is over"])
    if objects:
        if not reason.strip():
            raise CallError(["say why you object"])
        _check_day(until_on)


def _check_day(until_on: date | None) -> None:
    today = clock.today()
    if until_on is None or until_on < today:
        raise CallError(["say until when the step should wait"])
    if (until_on - today).days > LONGEST_DAYS:
        raise CallError(["a hold lasts three months at most: look at it again then"])


def _ask(actor: Actor, notice: StepNotice) -> None:
    due = worked_days_later(notice.entity_id, clock.today(), 1)
    task = NewTask(
        notice.entity_id, "decide_objection", due, customer_id=notice.customer_id, origin=f"notice:{notice.pk}",
        detail=notice.reason, owner_role="credit_manager", key=_key(notice),
    )  # fmt: skip
    raise_tasks(actor, [task])
    data = {"comment": notice.reason, "hold": {"until_on": notice.until_on}}
    told = [one for one in deciders(notice.entity_id) if actor.user is None or one != actor.user.pk]
    send_notices([Notice(HOLD_ASKED, notice.entity_id, one, notice.customer_id, data) for one in told], actor.user)


def _key(notice: StepNotice) -> str:
    return f"decide_objection:notice:{notice.pk}"


def _seen(actor: Actor, notice_id: int, act: str) -> StepNotice:
    notice: StepNotice | None = actor.scope(StepNotice).filter(pk=notice_id).first()
    if notice is None:
        raise NotAllowedError(act, None, "not_visible")
    return notice


def _audit(actor: Actor, act: str, notice: StepNotice, why: str = "") -> None:
    after = {
        "notice": notice.pk, "step": notice.step, "answer": notice.answer, "decision": notice.decision,
        "until_on": None if notice.until_on is None else notice.until_on.isoformat(),
    }  # fmt: skip
    subject = notice.customer_id
    audit.append(clock.now(), actor.name, act, entity_id=notice.entity_id, subject=subject, after=after, why=why)
