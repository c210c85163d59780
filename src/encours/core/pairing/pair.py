"""Pairs all receipts of a book: bank lines over files first, then the ledger's receipts with the bank's."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from encours.core.base.issue import ISSUE_SCHEMA, concat_issues
from encours.core.base.money import money_text
from encours.core.base.schema import TABLES
from encours.core.base.spread import spread
from encours.core.pairing.bank import MERGES, pair_bank_lines
from encours.core.pairing.ledger import come_again, link, relate

#: What a paired receipt takes from the ledger; all else is the bank's word.
LEDGERS_WORD = ("customer_id", "ledger_account", "posted_on", "returns_receipt_id")
#: Ledger accounts that no bank statement shows: the cash desk and transfers between own accounts.
_OFF_BANK = r"^(53|58)"
_CHEQUES = r"^511"


@dataclass(frozen=True)
class Paired:
    """Receipts and allocations with every euro once, and how it came.

    merges: kept_id, dropped_id, rule. relations: entity_id, ledger_account, account, agreed, of. unpaired: receipt_id,
    side (`bank`: in the bank and not in the ledger; `ledger`: the reverse) within the days that both cover.
    """

    receipts: pl.DataFrame
    allocations: pl.DataFrame
    merges: pl.DataFrame
    relations: pl.DataFrame
    unpaired: pl.DataFrame
    issues: pl.DataFrame


def pair_receipts(receipts: pl.DataFrame, allocations: pl.DataFrame, customers: pl.DataFrame) -> Paired:
    """Takes receipts with `series` and `rank` (see `pair_bank_lines`; 0 marks what is stored, whose ids win).

    Receipts of origin ledger are paired with bank lines of the same entity, related bank account and amount within
    five working days: the bank line stays, with the ledger's customer, account and accounting day, and the ledger
    receipt's allocations name it. Pure; the order of rows does not matter.
    """
    # What is stored comes first: a ledger's receipt that became a bank line under its own id comes again as one.
    unique = receipts.sort("rank", "receipt_id", maintain_order=True)
    ids = unique.select("rank", "receipt_id", "origin").unique("receipt_id", keep="first")
    known = unique.join(ids, on=["receipt_id", "origin"], how="semi", maintain_order="left")
    is_bank = pl.col("origin") == "bank"
    stored_pairs = known.filter(is_bank & (pl.col("rank") == 0) & pl.col("ledger_account").is_not_null())
    bank, merges = pair_bank_lines(known.filter(is_bank))
    every = known.filter(~is_bank).unique("receipt_id", keep="first", maintain_order=True)
    returned = come_again(every, stored_pairs)
    ledger = every.join(returned, left_on="receipt_id", right_on="ledger_id", how="anti")
    allocations = _repointed(allocations, _points(returned, every, stored_pairs))
    relations = relate(_visible(ledger), bank)
    lines = _related(ledger, relations, bank, customers)
    free = bank.join(stored_pairs, on="receipt_id", how="anti")
    links, unsure = link(lines, free)
    done, points, gone = _applied(bank, ledger, links)
    moved = _repointed(allocations, points)
    merged = pl.concat([merges, gone, returned.select(kept_id="bank_id", dropped_id="ledger_id", rule="rule")])
    rows = pl.concat([done.select(list(TABLES["receipts"].schema)), _rest(ledger, links)])
    redirected = merged.unique("dropped_id", keep="first", maintain_order=True)
    rows = _possible_returns(_redirect(rows, redirected, "returns_receipt_id"))
    unpaired = _unpaired(lines, free, links, unsure, relations)
    issues = concat_issues(
        [_said_ambiguous(lines, unsure), _said_relations(relations), _said_unpaired(unpaired, receipts)]
    )
    kept = _redirect(moved, merges.unique("dropped_id", keep="first", maintain_order=True), "receipt_id")
    return Paired(rows.sort("receipt_id"), kept, merged, relations, unpaired, issues)


def _points(links: pl.DataFrame, ledger: pl.DataFrame, bank: pl.DataFrame) -> pl.DataFrame:
    """ledger_id, receipt_id, amount: where the allocations of ledger receipts go that a stored line already is."""
    sizes = ledger.select(ledger_id="receipt_id", ledger_amount="amount")
    told = bank.select(bank_id="receipt_id", bank_amount="amount").unique("bank_id")
    amount = pl.min_horizontal(pl.col("ledger_amount").abs(), pl.col("bank_amount").abs())
    return (
        links.join(sizes, on="ledger_id")
        .join(told, on="bank_id")
        .select("ledger_id", receipt_id="bank_id", amount=amount)
    )


def _visible(ledger: pl.DataFrame) -> pl.DataFrame:
    return ledger.filter(~pl.col("account").str.contains(_OFF_BANK) & ~pl.col("account").str.contains(_CHEQUES))


def _related(
    ledger: pl.DataFrame, relations: pl.DataFrame, bank: pl.DataFrame, customers: pl.DataFrame
) -> pl.DataFrame:
    """Ledger receipts with `bank_account` and `customer_name`; cheques and bills (511) may reach any bank account."""
    known = relations.select("entity_id", account="ledger_account", bank_account="account")
    direct = _visible(ledger).join(known, on=["entity_id", "account"], maintain_order="left")
    accounts = relations.select("entity_id", bank_account="account").unique()
    if not accounts.height:
        accounts = bank.select("entity_id", bank_account="account").unique()
    only = accounts.filter(pl.len().over("entity_id") == 1)
    cheques = ledger.filter(pl.col("account").str.contains(_CHEQUES)).join(only, on="entity_id", maintain_order="left")
    names = customers.select("customer_id", customer_name="name").unique("customer_id", keep="last")
    both = pl.concat([direct, cheques.select(direct.columns)])
    return both.join(names, on="customer_id", how="left", maintain_order="left")


def _applied(
    bank: pl.DataFrame, ledger: pl.DataFrame, links: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(bank receipts with the ledger's word, points: old_id, receipt_id, amount for allocations, merges)."""
    sizes = links.with_columns(of_bank=pl.len().over("bank_id"), of_ledger=pl.len().over("ledger_id"))
    told = ledger.select(
        ledger_id="receipt_id", ledger_amount="amount", ledger_rank="rank", **{f"l_{n}": n for n in LEDGERS_WORD}
    )
    full = sizes.join(told, on="ledger_id").join(
        bank.select(bank_id="receipt_id", bank_amount="amount", bank_rank="rank"), on="bank_id"
    )
    own = pl.struct("l_customer_id", "l_ledger_account").n_unique().over("bank_id")
    full = full.with_columns(parted=(pl.col("of_bank") > 1) & (own > 1)).sort("bank_id", "ledger_id")
    whole, parted = full.filter(~pl.col("parted")), full.filter("parted")
    word = whole.unique("bank_id", keep="first", maintain_order=True)
    joined = bank.join(word, left_on="receipt_id", right_on="bank_id", how="left", maintain_order="left")
    # A stored id is never given up: decisions and exports name it.
    stored = (
        (pl.col("ledger_rank") == 0) & (pl.col("bank_rank") > 0) & (pl.col("of_bank") == 1) & (pl.col("of_ledger") == 1)
    )
    joined = joined.with_columns(
        receipt_id=pl.when(stored.fill_null(False)).then("ledger_id").otherwise("receipt_id"),
        customer_id=pl.coalesce("l_customer_id", "customer_id"),
        ledger_account=pl.coalesce("l_ledger_account", "ledger_account"),
        posted_on=pl.coalesce("l_posted_on", "posted_on"),
        returns_receipt_id=pl.coalesce("l_returns_receipt_id", "returns_receipt_id"),
    )
    split = _parts(bank, ledger, parted)
    done = pl.concat(
        [joined.filter(~pl.col("receipt_id").is_in(parted["bank_id"].implode())).select(bank.columns), split]
    )
    kept = (
        pl.when(
            (pl.col("ledger_rank") == 0)
            & (pl.col("bank_rank") > 0)
            & (pl.col("of_bank") == 1)
            & (pl.col("of_ledger") == 1)
        )
        .then("ledger_id")
        .otherwise("bank_id")
    )
    points = whole.select(
        "ledger_id",
        receipt_id=kept,
        amount=pl.min_horizontal(pl.col("ledger_amount").abs(), pl.col("bank_amount").abs()),
    )
    dropped = pl.when(kept == pl.col("bank_id")).then("ledger_id").otherwise("bank_id")
    gone = pl.concat(
        [
            whole.select(kept_id=kept, dropped_id=dropped, rule="rule"),
            parted.select(kept_id="ledger_id", dropped_id="bank_id", rule="rule"),
        ]
    )
    return done, points, gone.select(list(MERGES))


def _parts(bank: pl.DataFrame, ledger: pl.DataFrame, parted: pl.DataFrame) -> pl.DataFrame:
    """One bank line that several customers paid (a slip of cheques): each its own receipt, with the bank's days."""
    if not parted.height:
        return bank.clear()
    theirs = ledger.join(parted.select("ledger_id", "bank_id"), left_on="receipt_id", right_on="ledger_id")
    said = bank.select(
        bank_id="receipt_id", b_account="account", b_booked_on="booked_on", b_value_on="value_on",
        b_statement_id="statement_id", b_remittance="remittance", b_kind="kind",
    )  # fmt: skip
    rows = theirs.join(said, on="bank_id", maintain_order="left")
    text = pl.concat_str("b_remittance", "remittance", separator=" ", ignore_nulls=True)
    return rows.with_columns(
        account="b_account", booked_on="b_booked_on", value_on="b_value_on", statement_id="b_statement_id",
        remittance=text, kind="b_kind", origin=pl.lit("bank"),
    ).select(bank.columns)  # fmt: skip


def _rest(ledger: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    rest = ledger.join(links, left_on="receipt_id", right_on="ledger_id", how="anti", maintain_order="left")
    return rest.select(list(TABLES["receipts"].schema))


def _repointed(allocations: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """Allocations of paired ledger receipts name the bank receipt; over several bank lines they are spread in order."""
    names = allocations.columns
    single = points.filter(~pl.col("ledger_id").is_duplicated()).select(receipt_id="ledger_id", _to="receipt_id")
    joined = allocations.join(single, on="receipt_id", how="left", maintain_order="left")
    done = joined.with_columns(receipt_id=pl.coalesce("_to", "receipt_id")).select(names)
    several = points.filter(pl.col("ledger_id").is_duplicated())
    if not several.height:
        return done
    spreading = pl.col("receipt_id").is_in(several["ledger_id"].implode())
    # What was spread before comes again whole: its old pieces go.
    again = done.filter(spreading)["allocation_id"].implode()
    whole = pl.col("allocation_id").str.replace(r"/\d+$", "")
    done = done.filter(~(whole.is_in(again) & ~pl.col("allocation_id").is_in(again)) | spreading.fill_null(False))
    theirs = done.filter(spreading).sort("receipt_id", "allocated_on", "allocation_id")
    cash = theirs.filter((pl.col("kind") == "cash") & (pl.col("amount") != 0))
    used = pl.coalesce("receipt_amount", "amount").abs()
    met = spread(
        cash.select(group="receipt_id", id="allocation_id", amount=used),
        several.sort("ledger_id", "receipt_id").select(group="ledger_id", id="receipt_id", amount="amount"),
        ["group"],
    )
    pieces = met.join(cash, left_on="left_id", right_on="allocation_id", maintain_order="left", suffix="_whole")
    nth = pl.int_range(pl.len()).over("left_id")
    piece_id = pl.when(nth == 0).then("left_id").otherwise(pl.concat_str("left_id", pl.lit("/"), nth + 1))
    signed = pl.col("amount") * pl.col("amount_whole").sign()
    pieces = pieces.with_columns(allocation_id=piece_id, receipt_id="right_id", amount=signed).select(names)
    first = several.sort("ledger_id", "receipt_id").unique("ledger_id", keep="first", maintain_order=True)
    others = theirs.filter(pl.col("kind") != "cash").join(
        first.select(receipt_id="ledger_id", _to="receipt_id"), on="receipt_id"
    )
    others = others.with_columns(receipt_id="_to").select(names)
    return pl.concat([done.filter(~spreading | pl.col("receipt_id").is_null()), pieces, others])


def _redirect(rows: pl.DataFrame, merges: pl.DataFrame, column: str) -> pl.DataFrame:
    """References to a receipt that gave way name the one that stayed."""
    if not merges.height:
        return rows
    to = merges.select(pl.col("dropped_id").alias(column), _to="kept_id")
    joined = rows.join(to, on=column, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("_to", column).alias(column)).drop("_to")


def _possible_returns(rows: pl.DataFrame) -> pl.DataFrame:
    """A return names the receipt it undoes only where that receipt, after pairing, is large enough."""
    named = rows.filter(pl.col("returns_receipt_id").is_not_null())
    received = rows.select(returns_receipt_id="receipt_id", received="amount")
    wrong = named.join(received, on="returns_receipt_id").filter(-pl.col("amount") > pl.col("received"))
    unfit = pl.col("receipt_id").is_in(wrong["receipt_id"].implode())
    return rows.with_columns(returns_receipt_id=pl.when(~unfit).then("returns_receipt_id"))


def _unpaired(
    lines: pl.DataFrame, bank: pl.DataFrame, links: pl.DataFrame, unsure: pl.DataFrame, relations: pl.DataFrame
) -> pl.DataFrame:
    """receipt_id, side: what one side has and the other lacks, on related accounts and within common days."""
    schema = {"receipt_id": pl.String(), "side": pl.String()}
    if not relations.height:
        return pl.DataFrame(schema=schema)
    known = relations.select("entity_id", "account").unique()
    entries = bank.join(known, on=["entity_id", "account"], how="semi")
    keys = ["entity_id", "account"]
    ledger = lines.with_columns(account="bank_account")
    both = (
        _spans(entries)
        .join(_spans(ledger), on=keys, suffix="_l")
        .select(*keys, start=pl.max_horizontal("start", "start_l"), end=pl.min_horizontal("end", "end_l"))
    )
    inside = pl.col("booked_on").is_between(pl.col("start"), pl.col("end"))
    sides = []
    for rows, name, side in (
        (entries.filter(pl.col("amount") > 0), "bank_id", "bank"),
        (ledger, "ledger_id", "ledger"),
    ):
        alone = rows.join(links, left_on="receipt_id", right_on=name, how="anti").join(both, on=keys).filter(inside)
        alone = alone.join(unsure, left_on="receipt_id", right_on=name, how="anti")
        sides.append(alone.select("receipt_id", side=pl.lit(side)))
    return pl.concat([pl.DataFrame(schema=schema), *sides]).sort("side", "receipt_id")


def _spans(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.group_by("entity_id", "account").agg(start=pl.col("booked_on").min(), end=pl.col("booked_on").max())


def _issue(rows: pl.DataFrame, code: str, severity: str, message: pl.Expr, action: str, key: str) -> pl.DataFrame:
    return rows.select(
        file=pl.lit(None, dtype=pl.String),
        line=pl.lit(None, dtype=pl.Int64),
        code=pl.lit(code),
        severity=pl.lit(severity),
        message=message,
        action=pl.lit(action),
        table=pl.lit("receipts"),
        key=pl.col(key),
    ).select(list(ISSUE_SCHEMA))


def _said_ambiguous(lines: pl.DataFrame, unsure: pl.DataFrame) -> pl.DataFrame:
    counts = unsure.group_by("ledger_id").agg(n=pl.len()).join(
        lines.select("booked_on", ledger_id="receipt_id"), on="ledger_id"
    ).sort("ledger_id")  # fmt: skip
    message = pl.format("the ledger's receipt of {} could be any of {} bank lines of its amount", "booked_on", "n")
    action = "Pair it by hand; until then the ledger's alone counts in balances."
    return _issue(counts, "receipt_pair_ambiguous", "warning", message, action, "ledger_id")


def _said_relations(relations: pl.DataFrame) -> pl.DataFrame:
    rows = relations.sort("entity_id", "ledger_account")
    message = pl.format(
        "ledger account {} is bank account {}: {} amounts of {} agree",
        "ledger_account",
        "account",
        "agreed",
        pl.col("of").fill_null(0),
    )
    return _issue(
        rows, "bank_account_related", "info", message, "Nothing to do where this is right.", "account"
    ).with_columns(table=pl.lit(None, dtype=pl.String))


def _said_unpaired(unpaired: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    amounts = receipts.select("receipt_id", "amount", "currency").unique("receipt_id", keep="first")
    sums = (
        unpaired.join(amounts, on="receipt_id")
        .group_by("side", "currency")
        .agg(n=pl.len(), total=pl.col("amount").sum(), key=pl.col("receipt_id").first())
        .sort("side", "currency")
    )
    where = (
        pl.when(pl.col("side") == "bank")
        .then(pl.lit("in the bank and not in the ledger"))
        .otherwise(pl.lit("in the ledger and not in the bank"))
    )
    total = money_text(pl.col("total"), pl.col("currency"))
    message = pl.format("{} receipts of {} are {}", "n", total, where)
    return _issue(sums, "receipts_unpaired", "info", message, "See unpaired.csv.", "key").with_columns(
        table=pl.lit(None, dtype=pl.String), key=pl.lit(None, dtype=pl.String)
    )
