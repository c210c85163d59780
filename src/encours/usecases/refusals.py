"""What persons refused, undid, rewound or judged wrong: the same receipt is not proposed for the same items again."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from encours.core.matching import Proposals
from encours.core.matching.model import model_digest
from encours.store import bulk
from encours.store.models import Decision, Proposal, ProposalLine, Run
from encours.store.rows import fetch
from encours.usecases.wrong_letters import wrong_sets

#: The act of a decision that a rewind took back: the rule erred, nobody judged the receipt.
REWOUND = "rewind_run"
RULE = "refused_before"
#: The rule of matches that persons made themselves.
BY_HAND = "by_hand"
REASON = "the same items were proposed for this receipt before, and refused or undone"
JUDGED = "a person judged that this receipt did not pay these items"
_REFUSED: dict[str, pl.DataType] = {
    "proposal_id": pl.Int64(),
    "receipt_id": pl.String(),
    "rule": pl.String(),
    "run_id": pl.Int64(),
    "rewound": pl.Int64(),
    "item_id": pl.String(),
    "credit_item_id": pl.String(),
    "amount": pl.Int64(),
    "kind": pl.String(),
}


def withhold(entity_id: str, found: Proposals, engine: str) -> Proposals:
    """The proposals without those that were refused before; `engine` is the version that made them.

    A person who refused or undid a match refused its set of items, whatever rule brings it again. A rewind takes a
    rule's posts back, right ones among them: the same rule of the same version does not propose the same again;
    what another rule or version says of the same items is looked at by a person before it is posted. A match by hand
    that was undone bars what says just the same: its items may have been right, and its amounts wrong. What a person
    judged wrong of a letter of the ERP, or of a proposal beside it, is refused by that.
    """
    proposed = found.decisions.filter(pl.col("decision") != "none")
    refused, wrong = (read(entity_id, proposed["receipt_id"]) for read in (_refused, wrong_sets))
    if not refused.height and not wrong.height:
        return found
    now = _sets(found.allocations.filter(pl.col("receipt_id").is_not_null()), ["receipt_id"])
    now = now.join(proposed.select("receipt_id", rule=pl.col("rule").str.slice(0, 48)), on="receipt_id")
    judged = now.join(wrong, on=["receipt_id", "items"])["receipt_id"].unique()
    found = _without(found, judged, judged[:0], JUDGED)
    met = now.join(refused, on=["receipt_id", "items"], suffix="_before")
    alike = pl.col("lines") == pl.col("lines_before")
    same = (pl.col("rule") == pl.col("rule_before")) & alike
    refused_now = ~pl.col("rewound") & ((pl.col("rule_before") != BY_HAND) | alike)
    barred = met.filter(refused_now | (same & (pl.col("engine") == _version(engine))))["receipt_id"].unique()
    doubted = met["receipt_id"].unique()
    return _without(found, barred, doubted)


def _version(engine: str, model: str | None = None) -> str:
    """What proposes: the version of the rules and of the model; a run that names none is taken to be of this one."""
    return f"{engine}/{model or model_digest()}"


def _without(found: Proposals, barred: pl.Series, doubted: pl.Series, why: str = REASON) -> Proposals:
    is_barred, is_doubted = (pl.col("receipt_id").is_in(ids.implode()) for ids in (barred, doubted))
    decided = pl.when(is_barred).then(pl.lit("none")).when(is_doubted & (pl.col("decision") == "auto"))
    decisions = found.decisions.with_columns(
        decision=decided.then(pl.lit("review")).otherwise("decision"),
        rule=pl.when(is_barred).then(pl.lit(RULE)).otherwise("rule"),
        reason=pl.when(is_barred).then(pl.lit(why)).otherwise("reason"),
    )
    kept = found.allocations.filter(~is_barred.fill_null(False))
    counts = dict(decisions["decision"].value_counts().iter_rows())
    summary = {**found.summary, **{name: counts.get(name, 0) for name in ("auto", "review", "none")}}
    return replace(found, allocations=kept, decisions=decisions, summary=summary)


def _sets(lines: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """`items`: which items a proposal names; `lines`: what it does with each. Texts, the same for the same content."""
    pair = pl.concat_str("item_id", pl.col("credit_item_id").fill_null(""), separator="|")
    line = pl.concat_str(pair, pl.col("amount").cast(pl.String), "kind", separator="|")
    return lines.group_by(key).agg(items=pair.unique().sort().str.join("\n"), lines=line.sort().str.join("\n"))


def _refused(entity_id: str, receipts: pl.Series) -> pl.DataFrame:
    """Refused proposals of the receipts: receipt_id, items, lines, rule, engine, rewound."""
    proposal, line, decision = (model._meta.db_table for model in (Proposal, ProposalLine, Decision))
    with bulk.keys(receipts) as staged:
        rows = fetch(
            "SELECT t.id, t.receipt_id, t.rule, t.run_id, CASE WHEN d.id IS NULL THEN 0 ELSE 1 END,"
            " l.item_id, l.credit_item_id, l.amount, l.kind"
            f" FROM {proposal} t JOIN {staged} k ON t.receipt_id = k.key JOIN {line} l ON l.proposal_id = t.id"
            f" LEFT JOIN {decision} d ON d.proposal_id = t.id AND d.act = %s"
            " WHERE t.entity_id = %s AND t.state IN (%s, %s)",
            (REWOUND, entity_id, Proposal.State.REJECTED.value, Proposal.State.UNDONE.value),
            _REFUSED,
        )
    runs = Run.objects.filter(pk__in=rows["run_id"].drop_nulls().unique().to_list())
    engines = {run.pk: _version(str(run.summary.get("engine", "")), run.summary.get("model")) for run in runs}
    sets = _sets(rows, ["proposal_id", "receipt_id", "rule", "run_id", "rewound"])
    engine = pl.col("run_id").replace_strict(engines, default="", return_dtype=pl.String)
    return sets.with_columns(rewound=pl.col("rewound") == 1, engine=engine)
