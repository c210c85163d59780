"""Rewinding a run: everything that it posted, or all posts of one rule or stratum in it, is reversed at once."""

from __future__ import annotations

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store.models import Run
from encours.usecases.apply_receipts import RUN
from encours.usecases.rewinding import Part, RewindPreview, Rewound, preview_part, rewind_part
from encours.usecases.rights import Actor, NotAllowedError, require, require_whole


def preview_rewind(actor: Actor, run_id: int, rule: str = "", stratum: str = "") -> RewindPreview:
    """What `rewind_run` would do now. Raises NotAllowedError, or CallError for a run that posts nothing."""
    return preview_part(_part(_run(actor, run_id), rule, stratum))


def rewind_run(actor: Actor, run_id: int, why: str, rule: str = "", stratum: str = "") -> Rewound:
    """Reverses everything of the run (of one `rule`, of one `stratum` in it) that still stands, in one transaction.

    See `rewinding.rewind_part`. The same rule of the same version does not propose the same again on the same facts.
    Twice is once. Raises NotAllowedError (no right, over the limit, a portfolio), CallError without a reason.
    """
    run = _run(actor, run_id)
    if not why.strip():
        raise CallError(["say why the run is rewound"])
    with transaction.atomic():
        before: dict[str, object] = {"posted": run.summary.get("posted")}
        rewound, merged = rewind_part(actor, _part(run, rule, stratum), why.strip(), before)
    if merged is not None:
        merged.extend_copies()
    return rewound


def _part(run: Run, rule: str, stratum: str) -> Part:
    return Part(str(run.entity_id), run_id=run.pk, rule=rule, stratum=stratum)


def _run(actor: Actor, run_id: int) -> Run:
    run = Run.objects.filter(pk=run_id).first()
    if run is None or run.entity_id is None or not actor.sees(run.entity_id):
        raise NotAllowedError("rewind_run", None, "not_visible")
    require_whole(actor, run.entity_id, "rewind_run")
    require(actor, "rewind_run", run.entity_id)
    if run.name != RUN:
        raise CallError([f"run {run_id} posts nothing: there is nothing to rewind"])
    return run
