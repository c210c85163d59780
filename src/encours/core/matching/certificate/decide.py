"""Auto or review: a receipt posts by itself on a proof or on a valid certificate, inside every limit, and says why."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field

import polars as pl

from encours.core.matching.certificate.certify import Certificate
from encours.core.matching.certificate.history import POOLED
from encours.core.matching.certificate.words import one_in, percent

BY_PROOF, BY_CERTIFICATE, BY_PRIOR = "proof", "certificate", "prior"
#: Under the shipped prior a receipt may be worth this share of the value limit.
PROVISIONAL_VALUE_SHARE = 2

#: One row a proposal. `proven`: a rule proves that nothing else fits. `amount`: minor units, the sign is ignored.
PROPOSED_SCHEMA: dict[str, pl.DataType] = {
    "receipt_id": pl.String(),
    "stratum": pl.String(),
    "confidence": pl.Float64(),
    "amount": pl.Int64(),
    "proven": pl.Boolean(),
}
#: One row a proposal, in their order. `via`: what lets it post (proof, certificate, prior; null where it does not).
#: `threshold`: the confidence that it had to reach (null: a proof, or no certificate).
VERDICT_SCHEMA: dict[str, pl.DataType] = {
    "receipt_id": pl.String(),
    "decision": pl.String(),
    "via": pl.String(),
    "threshold": pl.Float64(),
    "reason": pl.String(),
}


@dataclass(frozen=True)
class Policy:
    """What the user allows.

    `max_error_rate`: the budget; a certificate for a wider one does not count. `per_stratum`: each stratum posts on its
    own certificate instead of the common one. `value_cap`: larger receipts (minor units) never post. `prior`: the
    certificate of the shipped model, given only where the user turned provisional posting on. `off`: strata whose
    running test failed. `asks`: why a new certificate is needed (the mix has moved); None: it is not.
    """

    max_error_rate: float = 0.001
    per_stratum: bool = False
    value_cap: int | None = None
    prior: Certificate | None = None
    off: Set[str] = field(default_factory=frozenset)
    asks: str | None = None


def decide(proposed: pl.DataFrame, certificate: Certificate | None, policy: Policy) -> pl.DataFrame:
    """VERDICT_SCHEMA for `proposed` (PROPOSED_SCHEMA).

    A stratum that is off posts nothing, proven or not: its audits found the promise broken. A proof needs no
    certificate but keeps to the value limit.
    """
    standing = _standing(certificate, policy)
    rows = (
        proposed.join(_thresholds(standing, policy), on="stratum", how="left", maintain_order="left")
        if (policy.per_stratum and standing.certificate)
        else proposed.with_columns(threshold=pl.lit(_pooled(standing), dtype=pl.Float64))
    )
    proven = pl.col("proven").fill_null(False)
    off = pl.col("stratum").is_in(sorted(policy.off)).fill_null(False)
    reaches = (pl.col("confidence").is_not_nan() & (pl.col("confidence") >= pl.col("threshold"))).fill_null(False)
    via = (
        pl.when(off | _above(policy.value_cap)).then(None)
        .when(proven).then(pl.lit(BY_PROOF))
        .when(reaches & ~_above(standing.value_cap)).then(pl.lit(standing.via))
    )  # fmt: skip
    threshold = pl.when(~proven).then(pl.col("threshold"))
    decided = rows.with_columns(via=via, reason=_reason(standing, policy, off, proven), threshold=threshold)
    decided = decided.with_columns(
        decision=pl.when(pl.col("via").is_null()).then(pl.lit("review")).otherwise(pl.lit("auto"))
    )
    return decided.select(pl.col(name).cast(dtype) for name, dtype in VERDICT_SCHEMA.items())


def thresholds(certificate: Certificate | None, policy: Policy, strata: Sequence[str]) -> dict[str, float]:
    """Stratum -> the confidence from which its matches post without a proof; a stratum where none does is left out."""
    standing = _standing(certificate, policy)
    if standing.certificate is None:
        return {}
    found = {}
    for name in strata:
        least = standing.certificate.threshold(name) if policy.per_stratum else standing.certificate.threshold()
        if least is not None and name not in policy.off:
            found[name] = least
    return found


@dataclass(frozen=True)
class _Standing:
    """The certificate that counts, what it is, up to which amount, and why there is none."""

    certificate: Certificate | None
    via: str | None
    value_cap: int | None
    why: str


def _standing(certificate: Certificate | None, policy: Policy) -> _Standing:
    """The book's own certificate where it counts; before there is one, the shipped prior's, where it is turned on."""
    if policy.asks is not None:
        return _Standing(None, None, None, f"the certificate is to be renewed: {policy.asks}")
    why = _fault(certificate, policy)
    if certificate is not None and why is None:
        return _Standing(certificate, BY_CERTIFICATE, certificate.value_cap, "")
    why = why or ""
    if policy.prior is None:
        return _Standing(None, None, None, why)
    if policy.off:
        return _Standing(None, None, None, f"{why}; posting on the shipped prior ended when a running test failed")
    if policy.value_cap is None:
        return _Standing(None, None, None, f"{why}; posting on the shipped prior takes a value limit, and none is set")
    fault = _fault(policy.prior, policy)
    if fault is not None:
        return _Standing(None, None, None, f"{why}; nor does the shipped prior serve: {fault}")
    half = policy.value_cap // PROVISIONAL_VALUE_SHARE
    own = policy.prior.value_cap
    return _Standing(policy.prior, BY_PRIOR, half if own is None else min(half, own), "")


def _fault(certificate: Certificate | None, policy: Policy) -> str | None:
    """Why a certificate lets nothing post."""
    if certificate is None:
        return "there is no certificate yet"
    if certificate.target > policy.max_error_rate:
        return f"the certificate is for {one_in(certificate.target)}, the budget is {one_in(policy.max_error_rate)}"
    strata = certificate.rows["stratum"] != POOLED if policy.per_stratum else certificate.rows["stratum"] == POOLED
    if certificate.rows.filter(strata)["certified"].any():
        return None
    return "no kind of match has a certificate of its own" if policy.per_stratum else str(certificate.row()["says"])


def _pooled(standing: _Standing) -> float | None:
    return standing.certificate.threshold() if standing.certificate else None


def _thresholds(standing: _Standing, policy: Policy) -> pl.DataFrame:
    assert standing.certificate is not None
    rows = standing.certificate.rows.filter(pl.col("stratum") != POOLED)
    return rows.select("stratum", "threshold")


def _above(cap: int | None) -> pl.Expr:
    """Amounts beyond a limit; an unknown amount is beyond any."""
    return pl.lit(False) if cap is None else (pl.col("amount").abs() > cap).fill_null(True)


def _reason(standing: _Standing, policy: Policy, off: pl.Expr, proven: pl.Expr) -> pl.Expr:
    """The sentence of each row, for the first condition that decides it."""
    return (
        pl.when(off).then(pl.format("{}: switched off, its audits found more errors than promised", "stratum"))
        .when(_above(policy.value_cap)).then(pl.lit("the amount is above the limit for automatic posting"))
        .when(proven).then(pl.lit("proven: the rule shows that nothing else fits"))
        .when(pl.lit(standing.certificate is None)).then(pl.lit(standing.why))
        .when(pl.col("threshold").is_null()).then(_uncertified())
        .when(_above(standing.value_cap)).then(pl.lit(_beyond(standing)))
        .when(_unknown("confidence")).then(pl.lit("the proposal has no confidence"))
        .when(pl.col("confidence") >= pl.col("threshold")).then(_compared("reaches", standing))
        .otherwise(_compared("is below", standing))
    )  # fmt: skip


def _uncertified() -> pl.Expr:
    return pl.format("{}: this kind of match has no certificate of its own", pl.col("stratum").fill_null("unknown"))


def _compared(verb: str, standing: _Standing) -> pl.Expr:
    figures = [pl.col(name).round(6).cast(pl.String) for name in ("confidence", "threshold")]
    return pl.format(f"confidence {{}} {verb} {{}}, the least for {{}}", *figures, pl.lit(_promise(standing)))


def _unknown(column: str) -> pl.Expr:
    return pl.col(column).is_null() | pl.col(column).is_nan()


def _beyond(standing: _Standing) -> str:
    if standing.via == BY_PRIOR:
        return "the amount is above half the limit: more does not post on the shipped prior"
    return "the amount is above what the certificate covers"


def _promise(standing: _Standing) -> str:
    """What the certificate promises, for the end of a sentence."""
    if standing.certificate is None:
        return ""
    whose = "certified on the shipped prior" if standing.via == BY_PRIOR else "certified"
    sure = percent(standing.certificate.confidence)
    return f"at most {one_in(standing.certificate.target)} wrong ({whose}, {sure} sure)"
