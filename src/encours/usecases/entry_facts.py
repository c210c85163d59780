"""What waits to be exported as entries: decided and not yet told to the ERP, with everything that entries name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from django.db.models import Max, Q, Sum, Value
from django.db.models.functions import LPad, Upper

from encours.core.base.schema import TABLES
from encours.core.entries import ADVANCES, EARLIER, REVERSED, EntryRules, Facts
from encours.core.entries.facts import SETTLED
from encours.store import frames
from encours.store.models import (
    FACTS,
    Acknowledgement,
    Advance,
    Allocation,
    AllocationElsewhere,
    Closing,
    Decision,
    DifferenceLine,
    Entity,
    EntryCover,
    EntryLetter,
    EntryLine,
    Event,
    Export,
    ExportLine,
    ImportFile,
    Instrument,
    Rate,
)
from encours.store.rows import select
from encours.usecases import clock
from encours.usecases.entry_rules import entry_rules
from encours.usecases.entry_vat import taxed_before, with_vat
from encours.usecases.merge.meet_letters import OWN_SOURCE

_ADVANCE = "advance:"
_FEW = 500
_CODE_MAX = 8
_DRAFTS, _ACCEPTED = ("lcr", "bor"), ("accepted", "presented", "discounted")
_AS_DRAFT = (*_ACCEPTED, "paid")
_INSOLVENCY = ("insolvency:opened", "insolvency:closed", "insolvency:annulled")


@dataclass(frozen=True)
class Waiting:
    """`facts` of what leaves for the first time; `reversed_ids`: exported here and reversed since, to be mirrored."""

    facts: Facts
    rules: dict[str, EntryRules]
    open_from: dict[str, date]
    reversed_ids: list[str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not (self.facts.settled.height or self.facts.advances.height or self.reversed_ids)


def waiting_entries(entity_id: str) -> Waiting:
    """Everything of an entity that its ERP does not know: called under the entity's lock where it is to leave."""
    fresh = _settled(entity_id, standing=True)
    undone = _undone_by_us(_settled(entity_id, standing=False))
    mirrored = _mirrored(undone["allocation_id"].to_list())
    plain = undone.filter(~pl.col("allocation_id").is_in(mirrored))
    settled = _standing_alone(pl.concat([fresh, plain]))
    advances = _advances(entity_id, mirrored)
    receipts = _receipts(pl.concat([settled["receipt_id"], advances["receipt_id"]]))
    settled = _from_advances(_with_accounts(settled, entity_id), receipts)
    items = with_vat(_items(settled))
    receipts = pl.concat([receipts, _without_receipt(settled, items, receipts)])
    entities = {entity_id, *items["entity_id"]}
    today = clock.today()
    rules = {one: entry_rules(one, today) for one in entities}
    facts = Facts(
        settled,
        items,
        receipts,
        _customers(items, receipts, advances),
        pl.DataFrame(
            list(
                Entity.objects.filter(pk__in=entities).values_list(
                    "entity_id", "name", "country", "currency", "legal_id"
                )
            ),
            schema=TABLES["entities"].schema,
            orient="row",
        ),
        _within(advances, receipts, settled),
        _earlier(items["item_id"], receipts["receipt_id"]),
        taxed_before(items, rules),
        _rates([*items["currency"], *receipts["currency"]]),
        {(one, account): letter for one in entities for account, letter in seen_letters(one).items()},
    )
    return Waiting(facts, rules, {one: day for one in entities if (day := open_from(one))}, mirrored)


def _standing_alone(settled: pl.DataFrame) -> pl.DataFrame:
    """Credit notes that were set without money are each a case of their own, as if a receipt of nothing brought them:
    nothing else is to be tied to them."""
    alone = pl.format("credit:{}", "allocation_id")
    return settled.with_columns(receipt_id=pl.col("receipt_id").fill_null(alone))


def _without_receipt(settled: pl.DataFrame, items: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    """The receipts of nothing: the ledger has both sides, only their letters (or a transfer) are missing."""
    rows = settled.filter(pl.col("receipt_id").str.starts_with("credit:")).join(items, on="item_id", suffix="_item")
    told = rows.select(
        "receipt_id", "entity_id", "customer_id", "currency", account=pl.lit(""), booked_on="allocated_on",
        amount=pl.lit(0), kind=pl.lit("other"), origin=pl.lit("ledger"),
    )  # fmt: skip
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in receipts.schema.items() if name not in told]
    return told.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in receipts.schema.items())


def _current(name: str, ids: pl.Series, columns: list[str], by: str = "") -> pl.DataFrame:
    """Current rows of these ids; a day's few are asked for in one statement, without a table of their own."""
    wanted = ids.drop_nulls().unique().sort().to_list()
    if len(wanted) > _FEW:
        return frames.versions(name, ids, columns, current=True, by=by)
    if not wanted:
        return frames.versions(name, ids.clear(), columns, current=True, by=by)
    marks = ", ".join(["%s"] * len(wanted))
    return select(FACTS[name], columns, f"t.is_current AND t.{by or TABLES[name].key[0]} IN ({marks})", wanted)


def open_from(entity_id: str) -> date | None:
    """The first day after the last sealed month; None: no month is sealed."""
    last = Closing.objects.filter(entity_id=entity_id, state="sealed").aggregate(month=Max("month"))["month"]
    return None if last is None else last + timedelta(days=1)


def not_exported(key: str = "t.allocation_id") -> str:
    """SQL: no export that stands bears this key."""
    line, export = ExportLine._meta.db_table, Export._meta.db_table
    return (
        f"NOT EXISTS (SELECT 1 FROM {line} l JOIN {export} e ON l.export_id = e.id"
        f" WHERE l.allocation_id = {key} AND e.recalled_at IS NULL)"
    )


def not_elsewhere() -> str:
    """SQL: the item is this entity's. What another one is owed goes through 451 and leaves as an entry."""
    return f"NOT EXISTS (SELECT 1 FROM {AllocationElsewhere._meta.db_table} o WHERE o.allocation_id = t.allocation_id)"


def not_acknowledged() -> str:
    """SQL: the ERP has not brought the same back by itself: it knows."""
    return f"NOT EXISTS (SELECT 1 FROM {Acknowledgement._meta.db_table} a WHERE a.allocation_id = t.allocation_id)"


def _settled(entity_id: str, standing: bool) -> pl.DataFrame:
    columns = list(SETTLED)
    where = "t.entity_id = %s AND t.is_current AND t.source LIKE %s"
    if standing:
        where += f" AND t.reversed_on IS NULL AND {not_exported()} AND {not_acknowledged()}"
    else:
        where += f" AND t.reversed_on IS NOT NULL AND NOT ({not_exported()})"
        where += f" AND {not_exported('t.allocation_id || %s')}"
    more = [] if standing else [REVERSED]
    return select(Allocation, columns, where, [entity_id, f"{OWN_SOURCE}%", *more])


def _undone_by_us(rows: pl.DataFrame) -> pl.DataFrame:
    """Those that a person or a rewind took back. What gave way to the ERP's own letter the ERP has put right itself."""
    if not rows.height:
        return rows
    numbers = {int(source.removeprefix(OWN_SOURCE)) for source in rows["source"].unique()}
    undone = set(Decision.objects.filter(undoes__proposal_id__in=numbers).values_list("undoes__proposal_id", flat=True))
    return rows.filter(pl.col("source").is_in([f"{OWN_SOURCE}{number}" for number in undone]))


def _mirrored(ids: list[str]) -> list[str]:
    """Those of the ids whose own entry or letter left from here: it is turned round as it was."""
    if not ids:
        return []
    rows = EntryCover.objects.filter(allocation_id__in=ids, counter=False, batch__export__recalled_at=None)
    return sorted(set(rows.values_list("allocation_id", flat=True)))


def _with_accounts(settled: pl.DataFrame, entity_id: str) -> pl.DataFrame:
    """The ledger account of the cause that a clerk or the engine named, where one is named."""
    parts = settled.filter(~pl.col("kind").is_in(["cash", "credit"]))["allocation_id"].to_list()
    rows = DifferenceLine.objects.filter(entity_id=entity_id, allocation_id__in=parts).exclude(account="")
    named = dict(rows.values_list("allocation_id", "account")) if parts else {}
    account = pl.col("allocation_id").replace_strict(named, default=None, return_dtype=pl.String)
    return settled.with_columns(account=account)


def _items(settled: pl.DataFrame) -> pl.DataFrame:
    ids = pl.concat([settled["item_id"], settled["credit_item_id"].rename("item_id")]).drop_nulls().unique()
    items = _current("items", ids, list(TABLES["items"].schema))
    covered = _current("instrument_items", ids, ["instrument_id", "item_id"], by="item_id")
    rows = Instrument.objects.filter(instrument_id__in=covered["instrument_id"].to_list()) if covered.height else None
    told = list(rows.values_list("instrument_id", "kind", "state", "is_current")) if rows is not None else []
    sold = {key for key, _, state, _ in told if state == "discounted"}
    # Paid as a draft it was one until its money came; unpaid, the ledger has put it back on the customer's account.
    gone = {key for key, _, state, current in told if current and state not in _AS_DRAFT}
    drawn = {key for key, kind, state, _ in told if kind in _DRAFTS and state in _ACCEPTED} - gone
    items = items.with_columns(
        discounted=pl.col("item_id").is_in(_of(covered, sold)), drafted=pl.col("item_id").is_in(_of(covered, drawn))
    )
    return _with_doubt(items)


def _of(covered: pl.DataFrame, instruments: set[str]) -> list[str]:
    return covered.filter(pl.col("instrument_id").is_in(list(instruments)))["item_id"].to_list()


def _with_doubt(items: pl.DataFrame) -> pl.DataFrame:
    """Marks what an insolvent customer owed on the day of the judgment or before."""
    people = items["customer_id"].unique().to_list()
    rows = Event.objects.filter(subject="customer", subject_id__in=people, is_current=True, kind__in=_INSOLVENCY)
    last: dict[str, tuple[date, str]] = {}
    for person, on, kind in rows.order_by("on", "pk").values_list("subject_id", "on", "kind"):
        last[person] = (on, kind)
    opened = {person: on for person, (on, kind) in last.items() if kind == _INSOLVENCY[0]}
    day = pl.col("customer_id").replace_strict(opened, default=None, return_dtype=pl.Date)
    return items.with_columns(doubtful=((pl.col("issued_on") <= day) & (pl.col("amount") > 0)).fill_null(False))


def _receipts(ids: pl.Series) -> pl.DataFrame:
    rows = _current("receipts", ids.drop_nulls().unique(), list(TABLES["receipts"].schema))
    booked = EntryCover.objects.filter(
        receipt_id__in=rows["receipt_id"].to_list(), piece__isnull=False, batch__export__recalled_at=None
    ).exclude(batch__mode="letters")
    own = pl.Series(sorted(set(booked.values_list("receipt_id", flat=True))), dtype=pl.String)
    return rows.with_columns(own=pl.col("receipt_id").is_in(own.implode()))


def _customers(items: pl.DataFrame, receipts: pl.DataFrame, advances: pl.DataFrame) -> pl.DataFrame:
    ids = pl.concat([items["customer_id"], receipts["customer_id"], advances["customer_id"]]).drop_nulls().unique()
    return _current("customers", ids, list(TABLES["customers"].schema))


def _advances(entity_id: str, mirrored: list[str]) -> pl.DataFrame:
    """Advances that stand and did not leave, and what is left of those that left and were undone."""
    rows = [
        {
            "advance_id": f"{_ADVANCE}{row.decision_id}",
            "entity_id": entity_id,
            "receipt_id": row.receipt_id,
            "customer_id": row.customer_id,
            "amount": row.amount,
            "on": clock.today(),
            "undone_on": None,
        }
        for row in Advance.objects.filter(entity_id=entity_id)
    ]
    sent = _standing_ids([str(row["advance_id"]) for row in rows])
    fresh = [row for row in rows if row["advance_id"] not in sent]
    return pl.DataFrame([*fresh, *_undone_advances(entity_id, mirrored)], schema=ADVANCES)


def _undone_advances(entity_id: str, mirrored: list[str]) -> list[dict[str, object]]:
    left = EntryCover.objects.filter(
        batch__entity_id=entity_id, kind="advance", counter=False, batch__export__recalled_at=None
    )
    rows = {row.allocation_id: row for row in left}
    if not rows:
        return []
    numbers = [int(key.removeprefix(_ADVANCE)) for key in rows]
    undone = Decision.objects.filter(pk__in=numbers, undone_by__isnull=False).values_list("pk", flat=True)
    keys = [f"{_ADVANCE}{number}" for number in undone]
    back = _standing_ids([f"{key}{REVERSED}" for key in keys])
    lines = {
        line.piece: line.auxiliary
        for line in EntryLine.objects.filter(piece__in=[rows[key].piece for key in keys], role="advance")
    }
    held = _held_as_advance(rows[key].receipt_id for key in keys)
    given_back = EntryCover.objects.filter(
        allocation_id__in=mirrored, counter=False, batch__export__recalled_at=None, from_advance__gt=0
    )
    for receipt_id, part in given_back.values_list("receipt_id", "from_advance"):
        held[receipt_id] = held.get(receipt_id, 0) + part
    found = []
    for key in keys:
        row = rows[key]
        remaining = held.get(row.receipt_id, 0)
        if f"{key}{REVERSED}" not in back and remaining:
            customer = f"{entity_id}:{lines.get(row.piece or '', '')}"
            found.append({
                "advance_id": key, "entity_id": entity_id, "receipt_id": row.receipt_id, "customer_id": customer,
                "amount": remaining, "on": clock.today(), "undone_on": clock.today(),
            })  # fmt: skip
    return found


def _within(advances: pl.DataFrame, receipts: pl.DataFrame, settled: pl.DataFrame) -> pl.DataFrame:
    """An advance is no more than what of its receipt is unapplied; taken back, no more than what nothing uses up."""
    if not advances.height:
        return advances
    free = _current("receipts", receipts["receipt_id"], ["receipt_id", "unapplied"])
    rows = advances.join(free, on="receipt_id", how="left", maintain_order="left")
    used = settled.group_by("receipt_id").agg(used=pl.col("from_advance").sum())
    rows = rows.join(used, on="receipt_id", how="left", maintain_order="left")
    fresh, left = pl.min_horizontal("amount", "unapplied"), pl.col("amount") - pl.col("used").fill_null(0)
    amount = pl.when(pl.col("undone_on").is_null()).then(fresh).otherwise(left)
    return rows.with_columns(amount=amount).filter(pl.col("amount") > 0).select(list(ADVANCES))


def _held_as_advance(receipt_ids: Iterable[str]) -> dict[str, int]:
    """Receipt -> what of it stands on 4191 by our entries, in its own currency."""
    rows = EntryCover.objects.filter(receipt_id__in=list(receipt_ids), batch__export__recalled_at=None)
    came = rows.filter(kind="advance").values_list("receipt_id").annotate(total=Sum("cash"))
    held = {receipt_id: total for receipt_id, total in came if total}
    used = rows.filter(receipt_id__in=list(held)).values_list("receipt_id").annotate(total=Sum("from_advance"))
    for receipt_id, total in used:
        held[receipt_id] -= total
    return {receipt_id: total for receipt_id, total in held.items() if total > 0}


def _from_advances(settled: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    """What each settlement takes of an exported advance: the money that was never booked goes first."""
    held = _held_as_advance(receipts["receipt_id"].to_list())
    if not held:
        return settled.with_columns(from_advance=pl.lit(0, dtype=pl.Int64))
    amounts = dict(receipts.select("receipt_id", "amount").iter_rows())
    sent = EntryCover.objects.filter(receipt_id__in=list(held), batch__export__recalled_at=None, piece__isnull=False)
    totals = {row[0]: row[1:] for row in sent.values_list("receipt_id").annotate(Sum("cash"), Sum("from_advance"))}
    fresh = {key: amounts[key] - (totals[key][0] - totals[key][1]) for key in held}
    taken = []
    for row in settled.sort("allocation_id").iter_rows(named=True):
        key = row["receipt_id"]
        if row["kind"] != "cash" or key not in held or row["reversed_on"] is not None:
            continue
        worth = row["amount"] if row["receipt_amount"] is None else row["receipt_amount"]
        first = min(max(fresh[key], 0), worth)
        fresh[key] -= first
        part = min(worth - first, held[key])
        held[key] -= part
        taken.append((row["allocation_id"], part))
    frame = pl.DataFrame(taken, schema={"allocation_id": pl.String, "from_advance": pl.Int64}, orient="row")
    return settled.join(frame, on="allocation_id", how="left", maintain_order="left").with_columns(
        pl.col("from_advance").fill_null(0)
    )


def _standing_ids(keys: list[str]) -> set[str]:
    if not keys:
        return set()
    rows = ExportLine.objects.filter(allocation_id__in=keys, export__recalled_at=None)
    return set(rows.values_list("allocation_id", flat=True))


def _earlier(item_ids: pl.Series, receipt_ids: pl.Series) -> pl.DataFrame:
    """Our lines that stand in the ledger for these items, and the advances of these receipts."""
    of_items = Q(item_id__in=item_ids.to_list(), role="claim")
    of_receipts = Q(receipt_id__in=receipt_ids.to_list(), role="advance")
    lines = EntryLine.objects.filter(of_items | of_receipts, batch__export__recalled_at=None, counter=False)
    rows = list(lines.order_by("pk"))
    if not rows:
        return pl.DataFrame(schema=EARLIER)
    covers = EntryCover.objects.filter(piece__in={row.piece for row in rows}, counter=False)
    ids = pl.Series([cover.allocation_id for cover in covers], dtype=pl.String)
    gone = _current("allocations", ids, ["allocation_id", "reversed_on"])
    reversed_ids = set(gone.filter(pl.col("reversed_on").is_not_null())["allocation_id"])
    undone = {cover.piece for cover in covers if cover.allocation_id in reversed_ids}
    made = [
        {name: getattr(row, name) for name in EARLIER if name != "undone"} | {"undone": row.piece in undone}
        for row in rows
    ]
    return pl.DataFrame(made, schema=EARLIER)


def _rates(currencies: Iterable[str]) -> pl.DataFrame:
    wanted = set(currencies)
    if len(wanted) <= 1 and wanted <= {"EUR"}:
        return TABLES["rates"].empty()
    rows = Rate.objects.filter(is_current=True, currency__in=wanted).values_list("currency", "on", "rate")
    schema = {name: TABLES["rates"].schema[name] for name in ("currency", "on", "rate")}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def seen_letters(entity_id: str) -> dict[str, str]:
    """Account -> the highest letter code that the ledger or our exports have given there."""
    files = ImportFile.objects.filter(owner__entity_id=entity_id, owner__state="done", connector="fec")
    found: dict[str, str] = {}
    for facts in files.values_list("facts", flat=True):
        for account, letter in (facts.get("letters") or {}).items():
            found[account] = max(found.get(account, ""), letter, key=lambda code: (len(code), code))
    # Filled up with zeros, codes rank as their series does: the longer is the later.
    padded = LPad(Upper("letter"), _CODE_MAX, Value("0"))
    own = EntryLetter.objects.filter(batch__entity_id=entity_id).exclude(letter="")
    for account, code in own.values_list("account").annotate(last=Max(padded)):
        found[account] = max(found.get(account, ""), code.lstrip("0"), key=lambda one: (len(one), one))
    return found
