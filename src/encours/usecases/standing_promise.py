"""What lets matches of an entity post by themselves today: its certificate, its budget, what is switched off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from encours.core.matching.certificate import STRATA, Certificate, Policy, prior_certificate, thresholds
from encours.core.matching.certificate.certify import CERTIFICATE_SCHEMA
from encours.core.matching.certificate.drift import MOVED
from encours.core.matching.model import model_digest
from encours.store.models import CertificateStratum, MatchCertificate, StratumSwitch
from encours.usecases.automatic_posting import AutomaticPosting, automatic_posting
from encours.usecases.error_budget import ErrorBudget, error_budget

_OTHER_MODEL = "the model that gives the confidences has changed"


@dataclass(frozen=True)
class StandingPromise:
    """`certificate`: the newest for the budget (None: none was made); `row` is where it is kept.

    `least`: stratum -> the confidence from which its matches post without a proof. `switches`: stratum -> the newest
    word on it.
    """

    certificate: Certificate | None
    row: MatchCertificate | None
    policy: Policy
    least: Mapping[str, float]
    budget: ErrorBudget
    posting: AutomaticPosting
    switches: Mapping[str, StratumSwitch]


def standing_promise(entity_id: str) -> StandingPromise:
    """The promise of an entity as it stands. Where there is no certificate only proofs post."""
    budget, posting, known = error_budget(entity_id), automatic_posting(entity_id), switches(entity_id)
    row = newest_certificate(entity_id, budget.budget)
    certificate = None if row is None else of_row(row)
    asks = None
    if row is not None and row.asks:
        asks = row.asks
    elif row is not None and row.model != model_digest():
        asks = _OTHER_MODEL
    policy = Policy(
        max_error_rate=budget.budget,
        per_stratum=budget.per_stratum,
        value_cap=posting.limit,
        prior=prior_certificate(budget.budget) if budget.prior else None,
        off=frozenset(name for name, switch in known.items() if not switch.on),
        asks=asks,
    )
    least = thresholds(certificate, policy, STRATA)
    return StandingPromise(certificate, row, policy, least, budget, posting, known)


def newest_certificate(entity_id: str, budget: float) -> MatchCertificate | None:
    """The newest certificate that was made for the budget."""
    rows = MatchCertificate.objects.filter(entity_id=entity_id, target=budget)
    return rows.prefetch_related("strata").order_by("-pk").first()


@dataclass(frozen=True)
class FoundDrift:
    """When the receipts were last found to have moved, and how; `answered`: a certificate of later judgements held."""

    at: datetime
    asks: str
    answered: bool


def last_drift(entity_id: str) -> FoundDrift | None:
    """The last drift of an entity, whatever budget its certificate was for; None: none was found."""
    rows = MatchCertificate.objects.filter(entity_id=entity_id)
    found = rows.filter(asks__startswith=MOVED, asked_at__isnull=False).order_by("-asked_at").first()
    if found is None or found.asked_at is None:
        return None
    answered = rows.filter(made_at__gt=found.asked_at).exclude(asks__startswith=MOVED).exists()
    return FoundDrift(found.asked_at, found.asks, answered)


def of_row(row: MatchCertificate) -> Certificate:
    """The engine's certificate that a row keeps."""
    strata = sorted(row.strata.all(), key=lambda one: one.pk)
    lines = [{name: getattr(one, name) for name in CERTIFICATE_SCHEMA} for one in strata]
    return Certificate(row.target, row.confidence, row.value_cap, pl.DataFrame(lines, schema=CERTIFICATE_SCHEMA))


def rows_of(row: MatchCertificate, certificate: Certificate) -> list[CertificateStratum]:
    """The certificate's strata as they are kept under `row`."""
    return [CertificateStratum(certificate=row, **line) for line in certificate.rows.iter_rows(named=True)]


def switches(entity_id: str) -> dict[str, StratumSwitch]:
    """Stratum -> the newest word on it; a stratum that nobody switched has none and is on."""
    rows = StratumSwitch.objects.filter(entity_id=entity_id).select_related("user").order_by("pk")
    return {row.stratum: row for row in rows}
