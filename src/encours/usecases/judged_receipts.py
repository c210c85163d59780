"""What people judged of the engine's proposals: the only history that a certificate may rest on.

A proposal is right where a person accepted it as it stood, one by one, or changed by hand no more than what becomes of
a difference; wrong where the money was put on other items, where it was refused or undone, or where it turned out to be
something else. What was accepted in bulk was not looked at one by one and does not count. An automatic post counts
where the audit drew it; what somebody took back without that (`source` found) is counted by `known_errors`. Letters of
the ERP teach (`source` letter) and certify nothing; where they say another thing than the engine and a person judged
which is right, that judgement counts. Disagreements are where the engine is wrong most often: counted alike, they can
only make the bound too high.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from encours.core.matching.certificate import KNOWN_SCHEMA
from encours.core.matching.certificate.history import JUDGED_SCHEMA
from encours.core.matching.model import model_digest
from encours.store import bulk
from encours.store.models import (
    Allocation,
    BulkConfirmation,
    Decision,
    Entity,
    MatchAudit,
    MatchDisagreement,
    Proposal,
    ProposalLine,
    Receipt,
    ReplacedProposal,
    Run,
)
from encours.store.rows import fetch
from encours.usecases.merge.meet_letters import OWN_SOURCE
from encours.usecases.refusals import REWOUND

#: Runs that only propose: a person's acceptance of their proposals is one that was looked at. A post that belongs to
#: any other run came in bulk.
PROPOSING = "propose_matches"
POSTING = "apply_receipts"
#: Acts by which a person says that the proposal's items are not what the money paid.
_ELSEWHERE = ("book_advance", "mark_not_customer")
_WORDS: dict[str, pl.DataType] = {
    "decision_id": pl.Int64(),
    "act": pl.String(),
    "by": pl.Int64(),
    "decided_at": pl.String(),
    "receipt_id": pl.String(),
    "proposal_id": pl.Int64(),
    "rule": pl.String(),
    "confidence": pl.Float64(),
    "run_id": pl.Int64(),
    "run": pl.String(),
    "undone": pl.String(),
    "undone_by": pl.Int64(),
    "undone_at": pl.String(),
    "bulk": pl.Int64(),
}
_PROPOSED: dict[str, pl.DataType] = {
    "proposal_id": pl.Int64(),
    "receipt_id": pl.String(),
    "rule": pl.String(),
    "confidence": pl.Float64(),
    "decision": pl.String(),
    "state": pl.String(),
    "run_id": pl.Int64(),
}
_AUDITED: dict[str, pl.DataType] = {
    "decision_id": pl.Int64(),
    "right": pl.Int64(),
    "chance": pl.Float64(),
    "judged_at": pl.String(),
}


def judged_receipts(entity_id: str, since: datetime | None = None) -> pl.DataFrame:
    """JUDGED_SCHEMA: one row a judgement of the entity, by the engine that proposes now, in the entity's currency.

    Proposals of another model are left out: its confidences say nothing of this one's. `since`: only what was judged
    after that moment.
    """
    from encours.core.matching.families import strata

    words = _decisions(entity_id)
    proposed = _proposals(entity_id)
    by_hand = [_changed(words, entity_id), _elsewhere(words, proposed), _disagreed(entity_id)]
    rows = pl.concat([_accepted(words), _refused(words), _automatic(entity_id, words), *by_hand, _letters(proposed)])
    if since is not None:
        rows = rows.filter(pl.col("at") > since.isoformat(sep=" "))
    named = rows.with_columns(stratum=_stratum(strata())).drop_nulls("stratum")
    named = named.filter(~pl.col("run_id").is_in(_foreign_runs(named["run_id"])).fill_null(False))
    return _with_money(entity_id, named)


def _stratum(known: Mapping[str, str]) -> pl.Expr:
    return pl.col("rule").replace_strict(known, default=None, return_dtype=pl.String)


def _row(right: pl.Expr, day: str, chance: pl.Expr, source: str = "person") -> list[pl.Expr]:
    return [
        pl.col("receipt_id", "rule", "confidence", "run_id"),
        pl.col(day).alias("at"),
        pl.col(day).str.slice(0, 10).str.to_date("%Y-%m-%d").alias("day"),
        right.cast(pl.Boolean).alias("right"),
        chance.cast(pl.Float64).alias("chance"),
        pl.lit(source).alias("source"),
    ]


def _one_by_one() -> pl.Expr:
    """Accepted by a person who looked at it: not by a job, not as a part of a run that posts, not among others.

    What came in bulk and was undone since has been looked at then.
    """
    alone = pl.col("bulk").is_null() | (pl.col("undone") == "undo_match").fill_null(False)
    return pl.col("by").is_not_null() & (pl.col("run") == PROPOSING).fill_null(True) & alone


def _accepted(words: pl.DataFrame) -> pl.DataFrame:
    """Accepted one by one: right, unless somebody undid it since."""
    rows = words.filter((pl.col("act") == "accept_match") & _one_by_one())
    undone = pl.col("undone") == "undo_match"
    right = pl.when(pl.col("undone").is_null()).then(True).when(undone).then(False)
    dated = rows.with_columns(on=pl.when(undone).then("undone_at").otherwise("decided_at"))
    return dated.select(_row(right, "on", pl.lit(1.0)))


def _refused(words: pl.DataFrame) -> pl.DataFrame:
    rows = words.filter((pl.col("act") == "reject_match") & pl.col("by").is_not_null())
    return rows.select(_row(pl.lit(False), "decided_at", pl.lit(1.0)))


def _automatic(entity_id: str, words: pl.DataFrame) -> pl.DataFrame:
    """Automatic posts that were audited, and those that a person took back without that: they were found wrong."""
    posts = _posts(words)
    audited = posts.join(_audits(entity_id), on="decision_id")
    # A judgement counts while its post stands; that a post was found wrong is not mended by a rewind.
    audited = audited.filter(~((pl.col("undone") == REWOUND) & (pl.col("right") == 1)).fill_null(False))
    drawn = audited.select(_row(pl.col("right") == 1, "judged_at", pl.col("chance")))
    back = posts.join(audited, on="decision_id", how="anti")
    back = back.filter(_taken_back())
    return pl.concat([drawn, back.select(_row(pl.lit(False), "undone_at", pl.lit(1.0), "found"))])


def known_errors(entity_id: str, since: Mapping[str, datetime]) -> pl.DataFrame:
    """KNOWN_SCHEMA: the posts of the engine that proposes now, by stratum, and how many are known to be wrong.

    `since`: stratum -> the moment from which it counts, where a person switched it on again.
    """
    from encours.core.matching.families import tested_strata

    words = _decisions(entity_id).with_columns(stratum=_stratum(tested_strata()))
    posts = _posts(words).filter(~pl.col("run_id").is_in(_foreign_runs(words["run_id"])).fill_null(False))
    begun = pl.col("stratum").replace_strict(
        {name: at.isoformat(sep=" ") for name, at in since.items()}, default="", return_dtype=pl.String
    )
    posts = posts.drop_nulls("stratum").filter(pl.col("decided_at") > begun)
    judged = posts.join(_audits(entity_id), on="decision_id", how="left")
    wrong = (pl.col("right") == 0).fill_null(False) | _taken_back().fill_null(False)
    counted = judged.group_by("stratum").agg(posts=pl.len(), wrong=wrong.sum())
    return counted.sort("stratum").select(pl.col(name).cast(dtype) for name, dtype in KNOWN_SCHEMA.items())


def _posts(words: pl.DataFrame) -> pl.DataFrame:
    return words.filter((pl.col("act") == "accept_match") & (pl.col("run") == POSTING))


def _taken_back() -> pl.Expr:
    return (pl.col("undone") == "undo_match") & pl.col("undone_by").is_not_null()


def _changed(words: pl.DataFrame, entity_id: str) -> pl.DataFrame:
    """Proposals that a person's own match took the place of: right where it settles the same items."""
    hand = words.filter((pl.col("act") == "accept_match") & pl.col("by").is_not_null() & pl.col("undone").is_null())
    met = _replaced(entity_id).join(hand.select("decided_at", hand_id="proposal_id"), on="hand_id")
    items = _lines(pl.concat([met["proposal_id"], met["hand_id"]])).select("proposal_id", "items")
    met = met.join(items, on="proposal_id", how="left")
    met = met.join(items.rename({"proposal_id": "hand_id", "items": "hand_items"}), on="hand_id", how="left")
    return met.select(_row(pl.col("items").eq_missing(pl.col("hand_items")), "decided_at", pl.lit(1.0)))


def _elsewhere(words: pl.DataFrame, proposed: pl.DataFrame) -> pl.DataFrame:
    """Receipts that a person said to be something else than what the engine's last proposal made of them: wrong."""
    acts = words.filter(pl.col("act").is_in(_ELSEWHERE) & pl.col("by").is_not_null() & pl.col("undone").is_null())
    last = proposed.sort("proposal_id").unique("receipt_id", keep="last", maintain_order=True)
    stood = last.filter((pl.col("decision") != "none") & (pl.col("state") == Proposal.State.SUPERSEDED.value))
    met = stood.join(acts.select("receipt_id", "decided_at"), on="receipt_id")
    return met.select(_row(pl.lit(False), "decided_at", pl.lit(1.0)))


def _disagreed(entity_id: str) -> pl.DataFrame:
    """Disagreements with letters that a person judged, of the model that proposes now; "cannot tell" says nothing."""
    schema = {
        "receipt_id": pl.String(),
        "rule": pl.String(),
        "confidence": pl.Float64(),
        "run_id": pl.Int64(),
        "verdict": pl.String(),
        "judged_at": pl.String(),
    }
    rows = fetch(
        "SELECT x.receipt_id, x.rule, x.confidence, CAST(NULL AS bigint), x.verdict, CAST(x.judged_at AS varchar(32))"
        f" FROM {MatchDisagreement._meta.db_table} x WHERE x.entity_id = %s AND x.model = %s"
        " AND x.verdict IN (%s, %s, %s)",
        (entity_id, model_digest(), "ours", "letter", "neither"),
        schema,
    )
    return rows.select(_row(pl.col("verdict") == "ours", "judged_at", pl.lit(1.0)))


def _letters(proposed: pl.DataFrame) -> pl.DataFrame:
    """Proposals beside which the ERP lettered the receipt: what it says teaches, it does not certify."""
    last = proposed.sort("proposal_id").unique("receipt_id", keep="last", maintain_order=True)
    left = last.filter((pl.col("decision") != "none") & (pl.col("state") == Proposal.State.SUPERSEDED.value))
    said = _lettered(left["receipt_id"])
    met = left.join(said, on="receipt_id").join(_lines(left["proposal_id"]), on="proposal_id")
    return met.select(_row(pl.col("lines") == pl.col("lettered"), "known_on", pl.lit(1.0), "letter"))


def _decisions(entity_id: str) -> pl.DataFrame:
    """What was decided of receipts, by whom, on which proposal, and what undid it (_WORDS)."""
    decision, proposal, run = (model._meta.db_table for model in (Decision, Proposal, Run))
    confirmed = BulkConfirmation._meta.db_table
    acts = ("accept_match", "reject_match", *_ELSEWHERE)
    marks = ", ".join(["%s"] * len(acts))
    return fetch(
        "SELECT d.id, d.act, d.user_id, CAST(d.decided_at AS varchar(32)), d.subject_id, p.id, p.rule, p.confidence,"
        " p.run_id, r.name, u.act, u.user_id, CAST(u.decided_at AS varchar(32)), c.id"
        f" FROM {decision} d LEFT JOIN {proposal} p ON p.id = d.proposal_id LEFT JOIN {run} r ON r.id = p.run_id"
        f" LEFT JOIN {decision} u ON u.undoes_id = d.id LEFT JOIN {confirmed} c ON c.proposal_id = p.id"
        f" WHERE d.entity_id = %s AND d.act IN ({marks}) ORDER BY d.id",
        (entity_id, *acts),
        _WORDS,
    )


def _proposals(entity_id: str) -> pl.DataFrame:
    """Proposals that gave way to something (_PROPOSED), with later words of the engine on the same receipts."""
    table = Proposal._meta.db_table
    return fetch(
        "SELECT p.id, p.receipt_id, p.rule, p.confidence, p.decision, p.state, p.run_id"
        f" FROM {table} p WHERE p.entity_id = %s AND EXISTS (SELECT 1 FROM {table} s"
        " WHERE s.receipt_id = p.receipt_id AND s.state = %s)",
        (entity_id, Proposal.State.SUPERSEDED.value),
        _PROPOSED,
    )


def _replaced(entity_id: str) -> pl.DataFrame:
    """Engine's proposals (proposal_id, receipt_id, rule, confidence, run_id), the proposal `hand_id` in their place."""
    schema = {
        "proposal_id": pl.Int64(),
        "receipt_id": pl.String(),
        "rule": pl.String(),
        "confidence": pl.Float64(),
        "run_id": pl.Int64(),
        "hand_id": pl.Int64(),
    }
    return fetch(
        "SELECT p.id, p.receipt_id, p.rule, p.confidence, p.run_id, x.by_id"
        f" FROM {ReplacedProposal._meta.db_table} x JOIN {Proposal._meta.db_table} p ON p.id = x.proposal_id"
        " WHERE x.entity_id = %s AND p.decision <> 'none'",
        (entity_id,),
        schema,
    )


def _audits(entity_id: str) -> pl.DataFrame:
    return fetch(
        'SELECT a.decision_id, CASE WHEN a."right" THEN 1 ELSE 0 END, a.chance, CAST(a.judged_at AS varchar(32))'
        f' FROM {MatchAudit._meta.db_table} a WHERE a.entity_id = %s AND a."right" IS NOT NULL',
        (entity_id,),
        _AUDITED,
    )


def _lines(proposals: pl.Series) -> pl.DataFrame:
    """proposal_id, lines, items: what each takes off which item, and which items, as texts that are the same for the
    same content."""
    schema = {"proposal_id": pl.Int64(), "item_id": pl.String(), "amount": pl.Int64()}
    numbers = pl.DataFrame({"key": proposals.cast(pl.Int64).unique()})
    with bulk.staged(numbers) as staged:
        rows = fetch(
            f"SELECT l.proposal_id, l.item_id, l.amount FROM {ProposalLine._meta.db_table} l"
            f" JOIN {staged} k ON k.key = l.proposal_id",
            (),
            schema,
        )
    return _as_text(rows, "proposal_id", "lines")


def _lettered(receipts: pl.Series) -> pl.DataFrame:
    """receipt_id, lettered, known_on: what the ERP's own letters took off which item."""
    schema = {
        "receipt_id": pl.String(),
        "item_id": pl.String(),
        "amount": pl.Int64(),
        "known_on": pl.String(),
        "source": pl.String(),
    }
    with bulk.keys(receipts) as staged:
        rows = fetch(
            "SELECT a.receipt_id, a.item_id, a.amount, CAST(a.known_on AS varchar(32)), a.source"
            f" FROM {Allocation._meta.db_table} a JOIN {staged} k ON k.key = a.receipt_id"
            " WHERE a.is_current AND a.reversed_on IS NULL",
            (),
            schema,
        )
    theirs = rows.filter(~pl.col("source").fill_null("").str.starts_with(OWN_SOURCE) & pl.col("known_on").is_not_null())
    days = theirs.group_by("receipt_id").agg(pl.col("known_on").max())
    return _as_text(theirs, "receipt_id", "lettered").join(days, on="receipt_id")


def _as_text(rows: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    summed = rows.group_by(key, "item_id").agg(pl.col("amount").sum())
    line = pl.concat_str("item_id", pl.col("amount").cast(pl.String), separator="|")
    return summed.group_by(key).agg(
        line.sort().str.join("\n").alias(name), pl.col("item_id").sort().str.join("\n").alias("items")
    )


def _foreign_runs(runs: pl.Series) -> list[int]:
    """Runs whose proposals another model made; one that does not say is taken to be of this one."""
    numbers = runs.drop_nulls().unique().to_list()
    now = model_digest()
    rows = Run.objects.filter(pk__in=numbers).values_list("pk", "summary")
    return [number for number, summary in rows if summary.get("model", now) != now]


def _with_money(entity_id: str, rows: pl.DataFrame) -> pl.DataFrame:
    """JUDGED_SCHEMA, with the receipts' amounts; receipts in another currency are left out."""
    schema = {"receipt_id": pl.String(), "amount": pl.Int64(), "currency": pl.String()}
    with bulk.keys(rows["receipt_id"]) as staged:
        money = fetch(
            f"SELECT r.receipt_id, r.amount, r.currency FROM {Receipt._meta.db_table} r"
            f" JOIN {staged} k ON k.key = r.receipt_id WHERE r.is_current",
            (),
            schema,
        )
    own = Entity.objects.values_list("currency", flat=True).get(pk=entity_id)
    found = rows.join(money.filter(pl.col("currency") == own), on="receipt_id")
    return found.select(pl.col(name).cast(dtype) for name, dtype in JUDGED_SCHEMA.items()).sort("day", "receipt_id")
