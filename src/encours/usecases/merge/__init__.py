"""Merging a Book into the store: what is new, what is the same, what changed; all of it or nothing."""

from encours.usecases.merge.apply import append, apply
from encours.usecases.merge.meet import Met, meet, note
from encours.usecases.merge.plan import Origin, Plan, plan

__all__ = ["Met", "Origin", "Plan", "append", "apply", "meet", "note", "plan"]
