"""Rewinds that were done: who did them and why, and what was sent, or not sent, because of what they took back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from encours.store.models import AuditEntry, User
from encours.usecases.rewind_messages import Between, from_kept
from encours.usecases.rewinding import Part

#: Of one run or part; what was rewound rule by rule has an entry for each.
_LATEST = 5


@dataclass(frozen=True)
class PastRewind:
    """A rewind as the audit keeps it; `by` is empty for a job. `rule`, `stratum`: what it was restricted to, else
    empty."""

    at: datetime
    by: str
    why: str
    posts: int
    rule: str
    stratum: str
    between: Between


def past_rewinds(part: Part) -> list[PastRewind]:
    """The latest rewinds of a run or of a part over all runs, latest first; the caller has asked for the right."""
    entries = AuditEntry.objects.filter(act="rewind", entity_id=part.entity_id, subject=part.subject)
    rows = list(entries.order_by("-number")[:_LATEST])
    people = _people(rows)
    return [_told(row, row.after or {}, people) for row in rows]


def _told(row: AuditEntry, kept: dict[str, Any], people: dict[str, str]) -> PastRewind:
    return PastRewind(
        row.at,
        people.get(row.actor, ""),
        row.why,
        kept.get("posts", 0),
        kept.get("rule", ""),
        kept.get("stratum", ""),
        from_kept(kept),
    )


def _people(rows: Sequence[AuditEntry]) -> dict[str, str]:
    """Actor of an entry -> the person's name."""
    numbers = {int(row.actor.removeprefix("user:")) for row in rows if row.actor.startswith("user:")}
    users = User.objects.filter(pk__in=numbers)
    return {f"user:{user.pk}": user.get_full_name() or user.email for user in users}
