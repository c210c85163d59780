"""Which certain matches may post by themselves, and why; which of the posts a person is to audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.matching.certificate import decide, draw
from encours.core.matching.certificate.decide import PROPOSED_SCHEMA
from encours.store.models import Decision, MatchAudit, Run
from encours.usecases.posting import Fit
from encours.usecases.standing_promise import standing_promise

_OTHER_CURRENCY = "money in another currency posts on a proof only: the certificate does not cover it"
#: The stratum of a match that no family made.
_NONE = "none"


@dataclass(frozen=True)
class Allowance:
    """Whether a match may post by itself; `via`: proof, certificate or prior; `threshold`: the least confidence."""

    ok: bool
    via: str | None
    stratum: str | None
    threshold: float | None
    reason: str

    def told(self) -> dict[str, object]:
        """What the audit of the post says of it."""
        return {"via": self.via, "stratum": self.stratum, "threshold": self.threshold}


def allow_posts(entity_id: str, currency: str, fits: Sequence[Fit], proven: frozenset[str]) -> dict[int, Allowance]:
    """Number of a proposal -> its allowance, by the promise as it stands now; the caller holds the entity's lock.

    `currency`: the entity's own. `proven`: the receipts whose match stands on a proof.
    """
    from encours.core.matching.families import tested_strata

    if not fits:
        return {}
    known, promise = tested_strata(), standing_promise(entity_id)
    rows = [_proposed(fit, currency, proven, known) for fit in fits]
    verdicts = decide(pl.DataFrame(rows, schema=PROPOSED_SCHEMA), promise.certificate, promise.policy)
    found = {}
    for fit, row, verdict in zip(fits, rows, verdicts.iter_rows(named=True), strict=True):
        foreign = fit.currency != currency and not row["proven"]
        ok = verdict["decision"] == "auto"
        reason = _OTHER_CURRENCY if foreign and not ok else verdict["reason"]
        stratum = row["stratum"]
        found[fit.proposal.pk] = Allowance(
            ok, verdict["via"], None if stratum is None else str(stratum), verdict["threshold"], reason
        )
    return found


def _proposed(fit: Fit, currency: str, proven: frozenset[str], known: Mapping[str, str]) -> dict[str, object]:
    """A row of PROPOSED_SCHEMA; money in another currency has no amount, and no confidence that anybody certified."""
    own, is_proven = fit.currency == currency, fit.proposal.receipt_id in proven
    return {
        "receipt_id": fit.proposal.receipt_id,
        "stratum": known.get(fit.proposal.rule),
        "confidence": fit.proposal.confidence if own or is_proven else None,
        "amount": abs(fit.total) if own else None,
        "proven": is_proven,
    }


def draw_audits(
    run: Run, day: date, decisions: Sequence[Decision], allowed: Mapping[int, Allowance]
) -> list[MatchAudit]:
    """Draws what a person is to look at among a run's posts, in the caller's transaction.

    Each is drawn by its own chance from its id, the entity and the day, so that the same run done again draws the same.
    """
    posts = [(row, row.proposal, allowed[row.proposal.pk]) for row in decisions if row.proposal is not None]
    if not posts:
        return []
    entity_id = str(run.entity_id)
    seed = f"{entity_id}:{day.isoformat()}"
    schema = {"receipt_id": pl.String(), "confidence": pl.Float64(), "threshold": pl.Float64(), "via": pl.String()}
    rows = [(proposal.receipt_id, proposal.confidence, one.threshold, one.via) for _, proposal, one in posts]
    drawn = draw(pl.DataFrame(rows, schema=schema, orient="row"), seed)
    lots = zip(posts, drawn["audit"], drawn["chance"], strict=True)
    return MatchAudit.objects.bulk_create(
        [
            MatchAudit(
                entity_id=entity_id,
                decision=decision,
                run=run,
                receipt_id=proposal.receipt_id,
                stratum=one.stratum or _NONE,
                via=one.via or "",
                threshold=one.threshold,
                confidence=proposal.confidence,
                chance=chance,
                seed=seed,
                drawn_on=day,
            )
            for (decision, proposal, one), is_drawn, chance in lots
            if is_drawn
        ]
    )


def counted(values: Sequence[str | None]) -> dict[str, int]:
    """How often each value stands there, for a run's summary."""
    found: dict[str, int] = {}
    for value in values:
        found[value or _NONE] = found.get(value or _NONE, 0) + 1
    return dict(sorted(found.items()))
