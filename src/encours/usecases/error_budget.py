"""How often an automatic post may be wrong, and whether the shipped prior may stand in until that is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db import transaction

from encours.core.base.issue import CallError
from encours.core.matching.certificate import LADDER
from encours.store import audit, parquet
from encours.store.models import Entity, Setting
from encours.usecases import clock
from encours.usecases.automatic_posting import automatic_posting
from encours.usecases.rights import Actor, NotAllowedError, require, require_whole

# An act that is delegated, like automatic posting itself: not among the settings that whoever manages settings changes.
KEY = "matching.promise"
DEFAULT_BUDGET = 0.001


@dataclass(frozen=True)
class ErrorBudget:
    """`budget`: errors per automatic post at most. `per_stratum`: each kind of match keeps to it on its own.

    `prior`: posting on the shipped model's certificate is allowed until the book has its own; `prior_signed_by` is who
    asked for it where a second person must still sign; `prior_ended`: a running test failed since it was allowed.
    """

    budget: float = DEFAULT_BUDGET
    per_stratum: bool = False
    prior: bool = False
    prior_signed_by: int | None = None
    prior_ended: bool = False


def error_budget(entity_id: str) -> ErrorBudget:
    """What is in force in an entity; one error in a thousand where nobody said anything."""
    row = Setting.objects.filter(entity_id=entity_id, key=KEY).order_by("-pk").first()
    return ErrorBudget() if row is None else ErrorBudget(**row.value)


def set_error_budget(
    actor: Actor, entity_id: str, budget: float, why: str, *, per_stratum: bool | None = None
) -> ErrorBudget:
    """Another budget, and a certificate for it from what is judged so far. Twice is once.

    The budget is chosen before anybody knows what it brings, so a certificate for another one does not count for it.
    Raises NotAllowedError, or CallError without a reason or for a budget that is not on the ladder.
    """
    require_whole(actor, entity_id, "set_error_budget")
    require(actor, "set_error_budget", entity_id)
    faults = [] if why.strip() else ["say why the error budget is changed"]
    if budget not in LADDER:
        faults.append("choose one of the budgets that are offered")
    if faults:
        raise CallError(faults)
    with transaction.atomic():
        _lock(entity_id)
        before = error_budget(entity_id)
        alone = before.per_stratum if per_stratum is None else per_stratum
        after = replace(before, budget=budget, per_stratum=alone)
        if after == before:
            return before
        _keep(actor, entity_id, "set_error_budget", before, after, why.strip())
        # Asked here and not at the top: a certificate asks for the budget itself.
        from encours.usecases.certify_matching import certify_now

        certify_now(actor, entity_id, force=True)
    return after


def allow_prior(actor: Actor, entity_id: str, why: str) -> ErrorBudget:
    """Lets matches post on the shipped model's certificate: up to half the limit, a tenth audited. Twice is once.

    Where the delegation asks for two, the first call signs and another person's call allows it. Raises NotAllowedError;
    CallError without a reason, and where automatic posting is off or has no limit.
    """
    require_whole(actor, entity_id, "activate_automatic_posting")
    posting = automatic_posting(entity_id)
    require(actor, "activate_automatic_posting", entity_id, posting.limit)
    faults = [] if why.strip() else ["say why posting on the shipped model is changed"]
    if not posting.on or posting.limit is None:
        faults.append("posting on the shipped model takes automatic posting with a limit: turn that on first")
    if faults:
        raise CallError(faults)
    with transaction.atomic():
        _lock(entity_id)
        before = error_budget(entity_id)
        if before.prior:
            return before
        if before.prior_signed_by is not None:
            second = actor.may_sign_second(
                "activate_automatic_posting", entity_id, posting.limit, before.prior_signed_by
            )
            if not second.ok:
                raise NotAllowedError("activate_automatic_posting", entity_id, second.why)
        elif require(actor, "activate_automatic_posting", entity_id, posting.limit).second_signature:
            signed = replace(before, prior_signed_by=None if actor.user is None else actor.user.pk)
            return _keep(actor, entity_id, "sign_prior", before, signed, why.strip())
        after = replace(before, prior=True, prior_signed_by=None, prior_ended=False)
        return _keep(actor, entity_id, "allow_prior", before, after, why.strip())


def stop_prior(actor: Actor, entity_id: str, why: str) -> ErrorBudget:
    """Ends posting on the shipped model at once; whoever may undo a match may do so. Twice is once."""
    require_whole(actor, entity_id, "undo_match")
    require(actor, "undo_match", entity_id)
    if not why.strip():
        raise CallError(["say why posting on the shipped model is changed"])
    with transaction.atomic():
        _lock(entity_id)
        before = error_budget(entity_id)
        if not before.prior and before.prior_signed_by is None:
            return before
        after = replace(before, prior=False, prior_signed_by=None)
        return _keep(actor, entity_id, "stop_prior", before, after, why.strip())


def end_prior(actor: Actor, entity_id: str, why: str) -> None:
    """Ends posting on the shipped model because a running test failed; it stays off until somebody allows it anew.

    The caller holds a transaction and the lock.
    """
    before = error_budget(entity_id)
    if before.prior:
        _keep(actor, entity_id, "end_prior", before, replace(before, prior=False, prior_ended=True), why)


def _lock(entity_id: str) -> None:
    if not Entity.objects.filter(pk=entity_id).exists():
        raise CallError([f"there is no entity {entity_id}"])
    parquet.lock_entity(entity_id)


def _keep(actor: Actor, entity_id: str, act: str, before: ErrorBudget, after: ErrorBudget, why: str) -> ErrorBudget:
    Setting.objects.create(entity_id=entity_id, key=KEY, value=vars(after), from_on=clock.today())
    audit.append(
        clock.now(), actor.name, act, entity_id=entity_id, subject=KEY, before=vars(before), after=vars(after), why=why
    )
    return after
