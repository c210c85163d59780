"""What an import brought is applied by the worker, and expected anew: asked for in the import's own transaction."""

from __future__ import annotations

from collections.abc import Sequence

from django_tasks import task

from encours.usecases.rights import job


@task()
def apply_receipts_job(entity_ids: list[str]) -> None:
    """Applies what waits in some entities, where the facts have changed since the last run."""
    from encours.usecases.apply_receipts import apply_receipts

    apply_receipts(job("worker"), entity_ids, only_changed=True)
    _judge(entity_ids)
    _expect(entity_ids)


@task()
def follow_advices_job(entity_ids: list[str]) -> None:
    """Applies what waits once more: an advice is no fact of the book, yet it says what money is for."""
    from encours.usecases.apply_receipts import apply_receipts

    apply_receipts(job("worker"), entity_ids)


def _expect(entity_ids: list[str]) -> None:
    """What came this morning moves what is expected: worked out anew, with the model of the last night."""
    from encours.usecases.learn_payers import learn_payers

    learn_payers(job("worker"), entity_ids, refit=False)


def _judge(entity_ids: list[str]) -> None:
    """What came may keep promises, or show that they were broken."""
    from encours.usecases.judge_promises import judge_promises

    judge_promises(job("worker"), entity_ids)


def follow_advices(entity_ids: Sequence[str]) -> None:
    """Lets the worker look for the money of advices that came, were taken or corrected."""
    if entity_ids:
        follow_advices_job.enqueue(list(entity_ids))


def apply_later(entity_ids: Sequence[str]) -> None:
    """Lets the worker apply the receipts of these entities; without one, the nightly chain does it.

    Nobody's rights are asked: proposals change nothing, and posting is what the entity itself was allowed to.
    """
    if entity_ids:
        apply_receipts_job.enqueue(list(entity_ids))
