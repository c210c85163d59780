"""The promise about errors: which confidence may post by itself, how one knows, and when it ends.

A history of judgements gives a certificate (`certify`), and what other budgets would give (`budgets`, `curve`).
`decide` posts on it or does not, `draw` picks what is audited, `observe` and `observe_mix` watch whether the promise
still holds. Frames in, frames out: what is stored, posted and shown is the business of who calls.
"""

from encours.core.matching.certificate.audit import draw, estimated
from encours.core.matching.certificate.bounds import LADDER, needed, strictest
from encours.core.matching.certificate.budgets import budgets, curve
from encours.core.matching.certificate.certify import Certificate, certify
from encours.core.matching.certificate.decide import Policy, decide, thresholds
from encours.core.matching.certificate.drift import Drift, observe_mix, watch
from encours.core.matching.certificate.history import AMOUNT, BY_FILE, OTHER, POOLED, QUOTED, STRATA, TESTED
from encours.core.matching.certificate.known import KNOWN_SCHEMA, refuted
from encours.core.matching.certificate.prior import prior_certificate, prior_record
from encours.core.matching.certificate.running import RunningTest, failed_strata, observe, observe_strata

__all__ = [
    "AMOUNT",
    "BY_FILE",
    "KNOWN_SCHEMA",
    "LADDER",
    "OTHER",
    "POOLED",
    "QUOTED",
    "STRATA",
    "TESTED",
    "Certificate",
    "Drift",
    "Policy",
    "RunningTest",
    "budgets",
    "certify",
    "curve",
    "decide",
    "draw",
    "estimated",
    "failed_strata",
    "needed",
    "observe",
    "observe_mix",
    "observe_strata",
    "prior_certificate",
    "prior_record",
    "refuted",
    "strictest",
    "thresholds",
    "watch",
]
