"""Which proposals are certain enough to be confirmed together: proved ones, and those that a certificate covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.db.models import Q

from encours.core.matching.certificate import STRATA, prior_certificate, thresholds
from encours.usecases.standing_promise import standing_promise


def least_ready(entity_id: str) -> Mapping[str, float]:
    """Stratum -> the confidence from which its proposals are ready to be confirmed together; {}: none is.

    By the book's own certificate within its budget of errors, else by the shipped model's. A stratum that was switched
    off is left out. Here a person confirms, so that the shipped model's needs no turning on.
    """
    promise = standing_promise(entity_id)
    policy = replace(promise.policy, prior=None, asks=None)
    own = thresholds(promise.certificate, policy, STRATA)
    return own or thresholds(prior_certificate(promise.budget.budget), policy, STRATA)


def is_ready(entity_ids: Iterable[str]) -> Q:
    """The condition on proposals of these entities."""
    ready = Q(decision="auto")
    for entity_id in entity_ids:
        for stratum, least in least_ready(entity_id).items():
            ready |= Q(entity_id=entity_id, stratum=stratum, confidence__gte=least)
    return ready
