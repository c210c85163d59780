"""Long work for the worker: asked for in the transaction of the page, done by another process, shown by its Import."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_tasks import task

from encours.store import bulk
from encours.store.models import Import, Run, User
from encours.usecases import clock
from encours.usecases.rights import Actor, actor_of, job, require


@task()
def commit_import_job(import_id: int, user_id: int | None) -> None:
    """Commits an import for whoever asked, with the rights they have when it runs."""
    from encours.usecases.import_files import commit_import

    commit_import(_actor(user_id), import_id)


@task(priority=-10)  # minutes of work: an import that waits goes first
def replay_scenario_job(run_id: int, user_id: int | None) -> None:
    """Replays a scenario for whoever asked."""
    from encours.usecases.replay_scenario import replay_scenario

    replay_scenario(_actor(user_id), run_id)


@task()
def nightly_job() -> None:
    """The nightly chain."""
    from encours.usecases.run_nightly import run_nightly

    run_nightly(clock.today())


def _actor(user_id: int | None) -> Actor:
    return job("worker") if user_id is None else actor_of(User.objects.filter(pk=user_id).first())


def commit_later(actor: Actor, import_id: int) -> None:
    """Lets the worker commit an import; its state and progress tell how far it is."""
    owner = Import.objects.get(pk=import_id)
    require(actor, "import_files", owner.entity_id)
    with transaction.atomic():
        Import.objects.filter(pk=import_id).update(progress="waiting")
        commit_import_job.enqueue(import_id, _user_id(actor))


def replay_later(actor: Actor, run_id: int) -> None:
    """Lets the worker replay a scenario; its run tells how far it is."""
    replay_scenario_job.enqueue(run_id, _user_id(actor))


def _user_id(actor: Actor) -> int | None:
    return None if actor.user is None else actor.user.pk


def nightly_due(moment: datetime, hour: int) -> bool:
    """Asks for the nightly chain once a day after its hour; whether it did just now."""
    if moment.hour < hour:
        return False
    with transaction.atomic():
        bulk.lock("nightly")
        if Run.objects.filter(name="nightly", day=moment.date(), entity=None).exists():
            return False
        Run.objects.create(name="nightly", day=moment.date(), started_at=clock.now(), state="waiting")
        nightly_job.enqueue()
    return True
