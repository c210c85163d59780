"""Rewinding over all runs of an entity: the posts of one version of the model, of one rule or of one stratum."""

from __future__ import annotations

from django.db import transaction

from encours.core.base.issue import CallError
from encours.usecases.rewinding import Part, RewindPreview, Rewound, preview_part, rewind_part
from encours.usecases.rights import Actor, NotAllowedError, require, require_whole


def preview_posts(actor: Actor, part: Part) -> RewindPreview:
    """What `rewind_posts` would do now. Raises NotAllowedError, or CallError where the part is a whole entity."""
    return preview_part(_asked(actor, part))


def rewind_posts(actor: Actor, part: Part, why: str) -> Rewound:
    """Reverses everything of the part that still stands, in one transaction; see `rewinding.rewind_part`.

    Twice is once. Raises NotAllowedError (no right, over the limit, a portfolio), CallError without a reason, or where
    neither model, rule nor stratum is named.
    """
    asked = _asked(actor, part)
    if not why.strip():
        raise CallError(["say why these posts are rewound"])
    with transaction.atomic():
        rewound, merged = rewind_part(actor, asked, why.strip(), {"part": asked.subject})
    if merged is not None:
        merged.extend_copies()
    return rewound


def _asked(actor: Actor, part: Part) -> Part:
    if not actor.sees(part.entity_id):
        raise NotAllowedError("rewind_run", None, "not_visible")
    require_whole(actor, part.entity_id, "rewind_run")
    require(actor, "rewind_run", part.entity_id)
    if not (part.model or part.rule or part.stratum):
        raise CallError(["name a version of the model, a rule or a kind of match to rewind"])
    return part
