"""Posting proposals and taking them back: the one way by which decided lines become facts, one by one or in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from encours.core.base.issue import no_issues
from encours.core.base.schema import TABLES
from encours.store import audit, bulk, frames
from encours.store.models import Decision, Proposal, ProposalLine, Run
from encours.store.rows import fetch
from encours.usecases import between, clock, instrument_states, merge
from encours.usecases.merge.apply import Merged
from encours.usecases.merge.diff import Difference
from encours.usecases.merge.meet_letters import OWN_SOURCE
from encours.usecases.recompute_positions import recompute_positions
from encours.usecases.rights import Actor

_LINE: dict[str, pl.DataType] = {
    "proposal_id": pl.Int64(),
    "item_id": pl.String(),
    "credit_item_id": pl.String(),
    "amount": pl.Int64(),
    "receipt_amount": pl.Int64(),
    "kind": pl.String(),
}


@dataclass(frozen=True)
class Fit:
    """A proposal that fits the facts as they stand: its lines, its receipt's currency, what it settles in all."""

    proposal: Proposal
    lines: list[dict[str, Any]]
    currency: str
    total: int


@dataclass(frozen=True)
class Facts:
    """What proposals speak of as it stands in the store: item_id and receipt_id with the columns of `_read`."""

    items: Mapping[str, dict[str, Any]]
    receipts: Mapping[str, dict[str, Any]]


@dataclass(frozen=True)
class Act:
    """A decision to be kept: `allocations` are the ids that it wrote."""

    name: str
    proposal: Proposal
    amount: int | None
    allocations: Sequence[str] = ()
    why: str = ""
    undoes: Decision | None = None
    more: Mapping[str, object] | None = None  # what the audit says beside


def read_lines(proposals: Iterable[Proposal]) -> dict[int, list[dict[str, Any]]]:
    """Number of a proposal -> its lines, in their order."""
    numbers = pl.DataFrame({"key": pl.Series([proposal.pk for proposal in proposals], dtype=pl.Int64)})
    with bulk.staged(numbers) as staged:
        columns = ", ".join(f"t.{name}" for name in _LINE)
        table = ProposalLine._meta.db_table
        sql = f"SELECT {columns} FROM {table} t JOIN {staged} k ON t.proposal_id = k.key ORDER BY t.id"
        rows = fetch(sql, (), _LINE)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row["proposal_id"], []).append(row)
    return found


def read_facts(proposals: Sequence[Proposal], lines: Mapping[int, list[dict[str, Any]]]) -> Facts:
    """The items and receipts that the proposals name, as they stand now; called under the entity's lock."""
    named = {id_ for part in lines.values() for line in part for id_ in (line["item_id"], line["credit_item_id"])}
    items = _read("items", named - {None}, ["item_id", "amount", "open", "issued_on", "posted_on", "entity_id"])
    wanted = ["receipt_id", "unapplied", "currency", "booked_on", "posted_on", "returns_receipt_id", "kind"]
    return Facts(items, _read("receipts", {proposal.receipt_id for proposal in proposals}, wanted))


def _read(name: str, ids: set[str], columns: list[str]) -> dict[str, dict[str, Any]]:
    rows = frames.versions(name, pl.Series(sorted(ids), dtype=pl.String), columns, current=True)
    return {row[columns[0]]: row for row in rows.iter_rows(named=True)}


def fitting(
    proposals: Sequence[Proposal], lines: Mapping[int, list[dict[str, Any]]], facts: Facts
) -> tuple[list[Fit], dict[int, list[str]]]:
    """The proposals that fit, each beside those before it; and number -> what is wrong with each other one.

    A receipt must still have the money and every item be open for what is taken off it: whatever two proposals, two
    workers or a stale run want, nothing is allocated beyond what there is. Returned payments come after the others:
    what they take back may be posted beside them; then once more what they may have opened again.
    """
    left = _Left(facts)
    fits: list[Fit] = []
    faults: dict[int, list[str]] = {}
    returns = [one for one in proposals if left.is_return(one.receipt_id)]
    others = [one for one in proposals if not left.is_return(one.receipt_id)]
    fitted: set[int] = set()
    for proposal in (*others, *returns, *(others if returns else ())):
        if proposal.pk in fitted:
            continue
        own = lines.get(proposal.pk, [])
        if wrong := left.take(proposal.receipt_id, own):
            faults[proposal.pk] = wrong
            continue
        faults.pop(proposal.pk, None)
        fitted.add(proposal.pk)
        currency = facts.receipts[proposal.receipt_id]["currency"]
        fits.append(Fit(proposal, own, currency, sum(_worth(line) for line in own)))
    return fits, faults


class _Left:
    """What is left of items and receipts while proposals take from them."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._open = {item_id: row["open"] for item_id, row in facts.items.items()}
        self._money = {receipt_id: row["unapplied"] for receipt_id, row in facts.receipts.items()}

    def is_return(self, receipt_id: str) -> bool:
        """Whether the receipt is a payment that came back: it opens again what it had paid."""
        receipt = self._facts.receipts.get(receipt_id)
        return receipt is not None and (receipt["returns_receipt_id"] is not None or receipt["kind"] == "return")

    def take(self, receipt_id: str, lines: list[dict[str, Any]]) -> list[str]:
        """Takes the lines off what is left, or says why not and takes nothing."""
        if receipt_id not in self._money:
            return [f"receipt {receipt_id} is no longer there"]
        if not lines:
            return ["the proposal has no line"]
        wanted: dict[str, int] = {}
        for line in lines:
            wanted[line["item_id"]] = wanted.get(line["item_id"], 0) + line["amount"]
            if line["kind"] == "credit" and line["credit_item_id"] is not None:
                wanted[line["credit_item_id"]] = wanted.get(line["credit_item_id"], 0) - line["amount"]
        used = sum(_worth(line) for line in lines if line["kind"] == "cash")
        faults = [
            f"item {item_id} is no longer open for this amount"
            for item_id, amount in wanted.items()
            if not self._fits(receipt_id, item_id, amount)
        ]
        if not _within(used, self._money[receipt_id]):
            faults.append(f"receipt {receipt_id} no longer has this money")
        if not faults:
            self._money[receipt_id] -= used
            for item_id, amount in wanted.items():
                self._open[item_id] = self._open.get(item_id, 0) - amount
        return faults

    def _fits(self, receipt_id: str, item_id: str, amount: int) -> bool:
        if not self.is_return(receipt_id):
            return self._may_settle(item_id, amount)
        # What the bank calls a return and nobody tied to a payment may be money given back for a credit note.
        tied = self._facts.receipts[receipt_id]["returns_receipt_id"] is not None
        return self._may_reopen(item_id, amount) or (not tied and self._may_settle(item_id, amount))

    def _may_settle(self, item_id: str, amount: int) -> bool:
        return _within(amount, self._open.get(item_id, 0))

    def _may_reopen(self, item_id: str, amount: int) -> bool:
        """A payment that came back opens an item by no more than was settled of it."""
        item = self._facts.items.get(item_id)
        return item is not None and _within(-amount, item["amount"] - self._open[item_id])


def _worth(line: Mapping[str, Any]) -> int:
    """A line in the receipt's currency."""
    amount: int = line["amount"] if line["receipt_amount"] is None else line["receipt_amount"]
    return amount


def _within(amount: int, available: int) -> bool:
    return amount == 0 or (amount * available > 0 and abs(amount) <= abs(available))


def post(
    actor: Actor,
    fits: Sequence[Fit],
    facts: Facts,
    run: Run | None = None,
    allowed: Mapping[int, Mapping[str, object]] | None = None,
) -> tuple[list[Decision], Merged]:
    """Writes what fits as facts known from today, with a decision and an audit entry each, and moves the positions.

    With `run` the posts are that run's: proposals and audit name it. `allowed`: number of a proposal -> what let it
    post by itself, for the audit. The caller holds a transaction and the entity's lock since before `read_facts`, and
    extends the copies after the commit.
    """
    rows = _allocations(fits, facts)
    difference = Difference(rows, pl.Series("id", [], pl.Int64), no_issues(), rows.height, 0, 0)
    between.keep_allocations(rows, facts.items)
    merged = _apply(difference, instrument_states.paid_by(fits, facts.receipts))
    merged = between.stamp_others(merged, [fit.proposal for fit in fits])
    mark([fit.proposal for fit in fits], Proposal.State.ACCEPTED)
    if run is not None:
        numbers = pl.Series([fit.proposal.pk for fit in fits], dtype=pl.Int64)
        bulk.update(Proposal, pl.DataFrame({"id": numbers}).with_columns(run_id=pl.lit(run.pk)))
    ids = _by_proposal(rows)
    acts = []
    for fit in fits:
        beside: dict[str, object] = {
            "first_signed_by": fit.proposal.first_signed_by_id,
            "run": None if run is None else run.pk,
        }
        beside |= (allowed or {}).get(fit.proposal.pk, {})
        more = {"rule": fit.proposal.rule} | {name: value for name, value in beside.items() if value is not None}
        acts.append(Act("accept_match", fit.proposal, fit.total, ids[fit.proposal.pk], more=more))
    return decide(actor, acts), merged


def _apply(difference: Difference, instruments: Difference | None) -> Merged:
    tables = {"allocations": difference} | ({} if instruments is None else {"instruments": instruments})
    plan = merge.Plan(TABLES["entities"].empty(), tables, no_issues())
    merged = merge.apply(plan, merge.Origin(), clock.now())
    recompute_positions(merged.customers, clock.today())
    return merged


def _allocations(fits: Sequence[Fit], facts: Facts) -> pl.DataFrame:
    """The lines as facts: dated when both the money and the item were there, known from today."""
    rows = [row for fit in fits for row in _rows(fit, facts)]
    schema = TABLES["allocations"].schema | {"entity_id": pl.String()}
    frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
    return frame.with_columns(is_current=pl.lit(True))


def _rows(fit: Fit, facts: Facts) -> Iterator[dict[str, Any]]:
    proposal, receipt = fit.proposal, facts.receipts[fit.proposal.receipt_id]
    booked: date = receipt["posted_on"] or receipt["booked_on"]
    for number, line in enumerate(fit.lines, start=1):
        yield {
            "allocation_id": _allocation_id(proposal, number),
            "entity_id": proposal.entity_id,
            "receipt_id": proposal.receipt_id,
            **{name: line[name] for name in ("item_id", "credit_item_id", "amount", "receipt_amount", "kind")},
            "allocated_on": max(booked, _there_on(facts.items.get(line["item_id"]), booked)),
            "source": f"{OWN_SOURCE}{proposal.pk}",
            "known_on": clock.today(),
        }


def _there_on(item: Mapping[str, Any] | None, otherwise: date) -> date:
    return otherwise if item is None else max(item["issued_on"], item["posted_on"] or item["issued_on"])


def _allocation_id(proposal: Proposal, number: int) -> str:
    return f"{proposal.entity_id}:encours-{proposal.pk}-{number}"


def _by_proposal(rows: pl.DataFrame) -> dict[int, list[str]]:
    """Number of a proposal -> ids of its allocations."""
    number = pl.col("source").str.strip_prefix(OWN_SOURCE).cast(pl.Int64)
    grouped = rows.group_by(number.alias("number"), maintain_order=True).agg("allocation_id")
    return dict(grouped.iter_rows())


def mark(proposals: Sequence[Proposal], state: Proposal.State) -> None:
    """Sets the state of proposals, however many."""
    rows = pl.DataFrame({"id": pl.Series([proposal.pk for proposal in proposals], dtype=pl.Int64)})
    bulk.update(Proposal, rows.with_columns(state=pl.lit(state.value)))
    for proposal in proposals:
        proposal.state = state


def standing(proposals: Sequence[Proposal]) -> pl.DataFrame:
    """What posting these proposals wrote and nobody reversed: the columns of allocations, entity_id and `id`."""
    lines = read_lines(proposals)
    ids = [_allocation_id(p, number) for p in proposals for number in range(1, len(lines.get(p.pk, [])) + 1)]
    columns = [*TABLES["allocations"].schema, "entity_id", "id"]
    rows = frames.versions("allocations", pl.Series(ids, dtype=pl.String), columns, current=True)
    return rows.filter(pl.col("reversed_on").is_null())


def returned_since(decisions: Sequence[Decision]) -> dict[str, str]:
    """Receipt of a decision -> the returned payment that stands on it and is taken back by none of the decisions.

    To reverse such a payment would open its items twice.
    """
    own = pl.Series([decision.subject_id for decision in decisions], dtype=pl.String)
    mine = standing([_proposal(decision) for decision in decisions])
    columns = ["receipt_id", "item_id", "amount", "reversed_on"]
    beside = frames.versions("allocations", mine["item_id"], columns, current=True, by="item_id")
    beside = beside.filter(pl.col("reversed_on").is_null() & ~pl.col("receipt_id").is_in(own.implode()))
    told = ["receipt_id", "returns_receipt_id", "kind", "booked_on"]
    others = frames.versions("receipts", beside["receipt_id"].drop_nulls(), told, current=True)
    back = others.filter(pl.col("returns_receipt_id").is_in(own.implode()))
    loose = others.filter((pl.col("kind") == "return") & pl.col("returns_receipt_id").is_null())
    found = _taken_by(loose.join(beside, on="receipt_id"), mine) if loose.height else {}
    return found | dict(back.select("returns_receipt_id", "receipt_id").iter_rows())


def _taken_by(loose: pl.DataFrame, mine: pl.DataFrame) -> dict[str, str]:
    """Receipt of `mine` -> the return, tied to no payment, that opened an item it had paid before."""
    booked = frames.versions("receipts", mine["receipt_id"], ["receipt_id", "booked_on"], current=True)
    paid = mine.join(booked, on="receipt_id").select("item_id", own="receipt_id", paid="amount", paid_on="booked_on")
    met = loose.join(paid, on="item_id").filter(
        (pl.col("amount") * pl.col("paid") < 0) & (pl.col("paid_on") < pl.col("booked_on"))
    )
    return dict(met.select("own", "receipt_id").iter_rows())


def paid_since(decisions: Sequence[Decision]) -> dict[str, str]:
    """Returned payment of a decision -> an item it opened that was paid again since, by none of the decisions.

    To reverse such a return would settle the item twice.
    """
    mine = standing([_proposal(decision) for decision in decisions])
    freed = mine.group_by("item_id").agg(pl.col("amount").sum().alias("freed"))
    items = frames.versions("items", freed["item_id"], ["item_id", "amount", "open"], current=True)
    after = items.join(freed, on="item_id").filter((pl.col("open") + pl.col("freed")) * pl.col("amount").sign() < 0)
    over = mine.join(after.select("item_id", worth="amount"), on="item_id")
    over = over.filter(pl.col("amount") * pl.col("worth") < 0)
    return dict(over.select("receipt_id", "item_id").iter_rows())


def take_back(actor: Actor, decisions: Sequence[Decision], act: str, why: str) -> tuple[list[Decision], Merged]:
    """Reverses what acceptances wrote, by new versions dated today: items are open again, the money is free again.

    The caller holds a transaction and the entity's lock. What was written in a sealed month stays there and is
    reversed in the open one; the next export tells the ERP by a counter-entry what had left before.
    """
    proposals = [_proposal(decision) for decision in decisions]
    before = standing(proposals)
    today = pl.lit(clock.today())
    rows = before.drop("id").with_columns(reversed_on=today, known_on=today, is_current=pl.lit(True))
    merged = _apply(
        Difference(rows, before["id"], no_issues(), 0, 0, rows.height), instrument_states.taken_back(proposals)
    )
    merged = between.stamp_others(merged, proposals)
    mark(proposals, Proposal.State.UNDONE)
    numbers = pl.DataFrame({"id": pl.Series([proposal.pk for proposal in proposals], dtype=pl.Int64)})
    bulk.update(Proposal, numbers.with_columns(first_signed_by_id=pl.lit(None, dtype=pl.Int64)))
    ids = _by_proposal(rows)
    acts = [
        Act(act, proposal, decision.amount, ids.get(proposal.pk, []), why, decision)
        for decision, proposal in zip(decisions, proposals, strict=True)
    ]
    return decide(actor, acts), merged


def _proposal(decision: Decision) -> Proposal:
    assert decision.proposal is not None
    return decision.proposal


def decide(actor: Actor, acts: Sequence[Act]) -> list[Decision]:
    """Keeps decisions, each with an audit entry of its own, in the caller's transaction."""
    at = clock.now()
    rows = [
        Decision(
            entity_id=act.proposal.entity_id,
            user=actor.user,
            act=act.name,
            proposal=act.proposal,
            subject_id=act.proposal.receipt_id,
            amount=act.amount,
            why=act.why,
            decided_at=at,
            undoes=act.undoes,
        )
        for act in acts
    ]
    Decision.objects.bulk_create(rows, batch_size=500)
    audit.append_many(at, actor.name, [_entry(act, row) for act, row in zip(acts, rows, strict=True)])
    return rows


def _entry(act: Act, row: Decision) -> audit.Entry:
    after = {"decision": row.pk, "amount": act.amount, "allocations": list(act.allocations), **(act.more or {})}
    before = {"proposal": act.proposal.pk} if act.undoes is None else {"decision": act.undoes.pk}
    return audit.Entry(act.name, act.proposal.entity_id, act.proposal.receipt_id, before, after, act.why)
