"""Works out ahead where the engine and the ERP's letters say different things: the queue that a person judges.

Two sources. Proposals that stood while the ERP lettered their receipt otherwise; and days of the past that were
lettered before there was anything to propose, replayed as they were known then, a few each night.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.db import transaction

from encours.core.base.book import Book
from encours.core.base.schema import TABLES, known_on_expr
from encours.core.matching.backtest import AGREES, DIFFERS, OUTSIDE, SAME_LETTER, against_letters, backtest
from encours.core.matching.certificate import STRATA
from encours.core.matching.model import model_digest
from encours.store import frames, parquet
from encours.store.models import Decision, MatchDisagreement, Proposal, ProposalLine, ReplayedDay, Run
from encours.store.rows import fetch
from encours.usecases import clock
from encours.usecases.hand_match import RULE as BY_HAND
from encours.usecases.rights import Actor, require, require_whole
from encours.usecases.wrong_letters import Lines, by_receipt, letters

PROPOSAL, REPLAY = "proposal", "replay"
#: Booked days replayed for an entity in one go, and how far back the past is replayed at all.
DAYS_AT_ONCE, DAYS_BACK = 10, 365
_REASON_MAX, _SLICE = 2_000, 500


@dataclass(frozen=True)
class FoundDisagreements:
    """What one look found in an entity: rows `new` and `gone`, and the past days replayed in it."""

    entity_id: str
    new: int
    gone: int
    days: int


def find_disagreements(
    actor: Actor, entity_ids: Sequence[str] | None = None, *, days: int = DAYS_AT_ONCE
) -> list[FoundDisagreements]:
    """Brings the queue of each entity up to date. Done again, it finds nothing new; killed, it goes on where it was.

    Raises NotAllowedError.
    """
    wanted = actor.entities if entity_ids is None else entity_ids
    for entity_id in wanted:
        require_whole(actor, entity_id, "certify_matching")
        require(actor, "certify_matching", entity_id)
    return [_find(entity_id, days) for entity_id in wanted]


def _find(entity_id: str, days: int) -> FoundDisagreements:
    book = frames.read_book([entity_id])
    lettered = letters(book)
    said = by_receipt(lettered)
    found = _of_proposals(entity_id, book, lettered, said)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        gone = _lay_gone(entity_id, said)
        new = _keep(found)
    replayed = _unreplayed(entity_id, book, said)[:days]
    if replayed:
        own = _standing_receipts(entity_id)
        for day in replayed:
            new += _replay(entity_id, book, day, said, own)
    return FoundDisagreements(entity_id, new, gone, len(replayed))


def _of_proposals(
    entity_id: str, book: Book, lettered: pl.DataFrame, said: Mapping[str, Lines]
) -> list[MatchDisagreement]:
    """The last word of the engine on receipts that the ERP lettered otherwise since."""
    proposals = [row for row in _last_words(entity_id) if row["receipt_id"] in said]
    if not proposals:
        return []
    ours = _lines_of([row["id"] for row in proposals])
    names = {row["id"]: row["receipt_id"] for row in proposals}
    proposed = ours.with_columns(receipt_id=pl.col("proposal_id").replace_strict(names, return_dtype=pl.String))
    verdicts = against_letters(lettered, proposed)
    differ = set(verdicts.filter(~pl.col("equal") & ~pl.col("inside"))["receipt_id"])
    mine, facts = by_receipt(proposed), _receipts(book)
    found = []
    for row in proposals:
        receipt = row["receipt_id"]
        if receipt in differ and receipt in facts and row["stratum"] in STRATA and mine.get(receipt):
            head = {name: row[name] for name in _ENGINE} | {"model": row["model"] or model_digest()}
            made = _row(entity_id, facts[receipt], head, mine[receipt], said[receipt], PROPOSAL)
            made.proposal_id, made.lettered_on = row["id"], _lettered_on(lettered, receipt)
            found.append(made)
    return found


_ENGINE = ("customer_id", "rule", "stratum", "decision", "confidence", "reason")
_WORDS: dict[str, pl.DataType] = {
    "id": pl.Int64(),
    "receipt_id": pl.String(),
    "customer_id": pl.String(),
    "rule": pl.String(),
    "stratum": pl.String(),
    "decision": pl.String(),
    "confidence": pl.Float64(),
    "reason": pl.String(),
    "run_id": pl.Int64(),
}


def _last_words(entity_id: str) -> list[dict[str, Any]]:
    """Proposals that gave way to the ERP: its letters came before a person's word, or in the place of ours.

    One that a person refused or undid was judged then; a match by hand is no word of the engine.
    """
    table, decision = Proposal._meta.db_table, Decision._meta.db_table
    rows = fetch(
        "SELECT p.id, p.receipt_id, p.customer_id, p.rule, p.stratum, p.decision, p.confidence, p.reason, p.run_id"
        f" FROM {table} p WHERE p.entity_id = %s AND p.state IN (%s, %s) AND p.decision <> 'none' AND p.rule <> %s"
        f" AND NOT EXISTS (SELECT 1 FROM {table} l WHERE l.receipt_id = p.receipt_id AND l.id > p.id)"
        f" AND NOT EXISTS (SELECT 1 FROM {decision} d JOIN {decision} u ON u.undoes_id = d.id"
        " WHERE d.proposal_id = p.id AND u.act = 'undo_match') ORDER BY p.id",
        (entity_id, Proposal.State.SUPERSEDED.value, Proposal.State.UNDONE.value, BY_HAND),
        _WORDS,
    ).to_dicts()
    runs = {row["run_id"] for row in rows if row["run_id"] is not None}
    models = {
        pk: (summary or {}).get("model") for pk, summary in Run.objects.filter(pk__in=runs).values_list("pk", "summary")
    }
    return [row | {"model": models.get(row["run_id"])} for row in rows]


def _lines_of(numbers: Sequence[int]) -> pl.DataFrame:
    columns = ("proposal_id", "item_id", "amount", "kind")
    schema = {"proposal_id": pl.Int64(), "item_id": pl.String(), "amount": pl.Int64(), "kind": pl.String()}
    rows = [
        row
        for start in range(0, len(numbers), _SLICE)
        for row in ProposalLine.objects.filter(proposal_id__in=numbers[start : start + _SLICE]).values_list(*columns)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _receipts(book: Book) -> dict[str, dict[str, Any]]:
    columns = ("receipt_id", "booked_on", "amount", "currency")
    return {row["receipt_id"]: row for row in book.current().receipts.select(columns).iter_rows(named=True)}


def _lettered_on(lettered: pl.DataFrame, receipt_id: str) -> date | None:
    found = lettered.filter(receipt_id=receipt_id)["allocated_on"].min()
    return found if isinstance(found, date) else None


def _unreplayed(entity_id: str, book: Book, said: Mapping[str, Lines]) -> list[date]:
    """Days of the last year with lettered receipts that this model has not replayed, the latest first."""
    seen = book.current().receipts.select(
        "receipt_id", day=pl.max_horizontal("booked_on", known_on_expr(TABLES["receipts"]))
    )
    lettered = seen.filter(pl.col("receipt_id").is_in(pl.Series(list(said), dtype=pl.String).implode()))
    since = clock.today() - timedelta(days=DAYS_BACK)
    days = set(lettered.filter(pl.col("day") >= since)["day"])
    done = ReplayedDay.objects.filter(entity_id=entity_id, model=model_digest()).values_list("day", flat=True)
    return sorted(days - set(done), reverse=True)


def _standing_receipts(entity_id: str) -> set[str]:
    """Receipts on which the engine had its say when they came: their replay would say it a second time."""
    own = Proposal.objects.filter(entity_id=entity_id).exclude(decision="none").values_list("receipt_id", flat=True)
    kept = MatchDisagreement.objects.filter(entity_id=entity_id, gone=False).values_list("receipt_id", flat=True)
    return {*own, *kept}


def _replay(entity_id: str, book: Book, day: date, said: Mapping[str, Lines], own: set[str]) -> int:
    """One day as it was known then; what differs is kept with the word that the day is done."""
    tested = backtest(book, day, day)
    mine = tested.decisions.filter(
        ~pl.col("receipt_id").is_in(pl.Series(list(own), dtype=pl.String).implode()) & (pl.col("stratum") != OUTSIDE)
    )
    counts = dict(mine["verdict"].value_counts().iter_rows())
    ours, found = by_receipt(tested.allocations), []
    for row in mine.filter(verdict=DIFFERS).iter_rows(named=True):
        receipt = row["receipt_id"]
        if receipt not in said or receipt not in ours:
            continue  # lettered against nothing that stands in the book now
        facts = {"receipt_id": receipt, "booked_on": row["day"], "amount": row["amount"], "currency": row["currency"]}
        head = {name: row[name] for name in _ENGINE} | {"model": model_digest()}
        made = _row(entity_id, facts, head, ours[receipt], said[receipt], REPLAY)
        made.lettered_on = row["lettered_on"]
        found.append(made)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        new = _keep(found)
        agreed = counts.get(AGREES, 0) + counts.get(SAME_LETTER, 0)
        ReplayedDay.objects.get_or_create(
            entity_id=entity_id,
            day=day,
            model=model_digest(),
            defaults={
                "receipts": mine.height,
                "compared": agreed + counts.get(DIFFERS, 0),
                "agreed": agreed,
                "differ": counts.get(DIFFERS, 0),
            },
        )
    return new


def _row(
    entity_id: str, receipt: Mapping[str, Any], engine: Mapping[str, Any], ours: Lines, letter: Lines, origin: str
) -> MatchDisagreement:
    told = json.dumps([receipt["receipt_id"], ours, letter], ensure_ascii=False)
    return MatchDisagreement(
        entity_id=entity_id,
        receipt_id=receipt["receipt_id"],
        digest=hashlib.sha256(told.encode()).hexdigest(),
        origin=origin,
        found_on=clock.today(),
        booked_on=receipt["booked_on"],
        amount=receipt["amount"],
        currency=receipt["currency"],
        **{**engine, "rule": engine["rule"][:48], "reason": (engine["reason"] or "")[:_REASON_MAX]},
        ours=ours,
        letter=letter,
        apart=apart(ours, letter),
    )


def apart(ours: Iterable[Sequence[Any]], letter: Iterable[Sequence[Any]]) -> int:
    """How much money the two put elsewhere: half the sum of what each item is settled with otherwise, rounded up."""
    by_item: dict[str, int] = {}
    for sign, lines in ((1, ours), (-1, letter)):
        for item, amount, _ in lines:
            by_item[item] = by_item.get(item, 0) + sign * amount
    return -(-sum(abs(amount) for amount in by_item.values()) // 2)


def _keep(found: Sequence[MatchDisagreement]) -> int:
    """Keeps what is new; what was judged, or laid aside and said again, is known by its digest."""
    if not found:
        return 0
    digests = [row.digest for row in found]
    known = set(MatchDisagreement.objects.filter(digest__in=digests).values_list("entity_id", "digest"))
    fresh = [row for row in found if (row.entity_id, row.digest) not in known]
    MatchDisagreement.objects.filter(digest__in=digests, gone=True).update(gone=False)
    MatchDisagreement.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _lay_gone(entity_id: str, said: Mapping[str, Lines]) -> int:
    """Waiting rows whose letters have changed: what was to be judged is no longer said."""
    waiting = MatchDisagreement.objects.filter(entity_id=entity_id, verdict="", gone=False)
    gone = [
        pk for pk, receipt, letter in waiting.values_list("pk", "receipt_id", "letter") if said.get(receipt) != letter
    ]
    MatchDisagreement.objects.filter(pk__in=gone).update(gone=True)
    return len(gone)
