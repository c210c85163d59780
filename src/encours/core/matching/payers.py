"""Whom a receipt may come from: by account, by name, by what was learned; a resemblance may only nominate."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.book import Book
from encours.core.matching.names import folded, name_key, name_keys
from encours.core.matching.pool import ALWAYS, days_of
from encours.core.matching.resemblance import resembling, said_in
from encours.core.matching.scope import Scope

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

#: How a customer came to be looked at; a receipt may have several reasons for one.
STANDS_ON, ACCOUNT_OWN, ACCOUNT_SHARED, ACCOUNT_LEARNED = 1, 2, 4, 8
NAME_EXACT, NAME_SHARED, NAME_LEARNED, NAME_LIKE = 16, 32, 64, 128
QUOTED, CUSTOMER_NUMBER = 256, 512
#: The share of a payer's earlier matches that must agree before they name a customer.
AGREEMENT = 0.9

#: RF, two check digits, and what the creditor put behind them.
_CREDITOR_REFERENCE = r"^RF[0-9]{2}[0-9A-Z]{4,21}$"
#: What stands before the name for whose account a payer pays, and the name; what each of the words holds.
_ON_BEHALF = r"\b(?:P/C|POUR (?:LE )?COMPTE (?:DE\b|D'|DU\b)|FOR (?:THE )?ACCOUNT OF|ON BEHALF OF)[ .:]*([^\x1f]{3,70})"
_ON_BEHALF_WORDS = ["P/C", "COMPTE D", "ACCOUNT OF", "BEHALF OF"]


class Payers(NamedTuple):
    """`account[r]`, `name[r]`: the codes of the receipt's payer account and name within its entity (−1: none).

    `account_start`, `name_start`: where the nominations of a code begin, in `nominee` (customer), `reason` and
    `likeness` (0..1000); the names' follow the accounts'. `own_start`: by receipt, nominations of its text alone, in
    the same arrays. `learned_*`: what matches taught, by code: the customer (−1: none), how often it was right, and of
    how many.
    """

    account: Int32
    name: Int32
    account_start: Int64
    name_start: Int64
    own_start: Int64
    nominee: Int32
    reason: Int32
    likeness: Int32
    learned_account: Int32
    learned_account_right: Int32
    learned_account_total: Int32
    learned_name: Int32
    learned_name_right: Int32
    learned_name_total: Int32


def learned_of(payers: Payers) -> tuple[Int32, Int32]:
    """By receipt: the customer that earlier matches of its account, and of its name, agree on (−1: none)."""
    account = (payers.account, payers.learned_account, payers.learned_account_right, payers.learned_account_total)
    name = (payers.name, payers.learned_name, payers.learned_name_right, payers.learned_name_total)
    return _agreed(*account), _agreed(*name)


def _agreed(code: Int32, learned: Int32, right: Int32, total: Int32) -> Int32:
    # A place more, for the receipts without a code.
    names = np.append(np.where((right > 0) & (right >= AGREEMENT * total), learned, -1), -1)
    return names[code].astype(np.int32)


class Lessons(NamedTuple):
    """Matches that the book already holds, by the day on which they were known: day, account, name, customer."""

    day: Int32
    account: Int32
    name: Int32
    customer: Int32


def make_payers(
    known: Book, receipts: pl.DataFrame, scope: Scope, misled: Collection[str] = ()
) -> tuple[Payers, Lessons]:
    """Nominations for `receipts` (row, receipt_id, entity, payer_account, payer_name, name_key, text) and the book's
    lessons, but for receipts whose match is known to be wrong (`misled`)."""
    past = _past(known, scope, misled)
    everyone = pl.concat(rows.select("entity", "payer_account", "payer_name") for rows in (receipts, past))
    everyone = everyone.select(
        "entity",
        account=_account(everyone["payer_account"]),
        key=pl.concat([receipts["name_key"], name_keys(past["payer_name"])]),
    )
    accounts = everyone.select("entity", "account").drop_nulls().unique(maintain_order=True).with_row_index("code")
    names = everyone.select("entity", "key").drop_nulls().unique(maintain_order=True).with_row_index("code")
    coded = _coded(everyone, accounts, names)
    mine, theirs = coded.head(receipts.height), coded.tail(past.height)
    people = scope.customers.select("customer", "entity", key=name_keys(scope.customers["name"])).drop_nulls()
    nominated = [
        _by_account(known, accounts, scope),
        _by_name(known, names, people, scope),
        _by_text(known, receipts, mine, people, scope),
    ]
    starts = [
        _starts(part, count, offset)
        for part, count, offset in zip(
            nominated,
            (accounts.height, names.height, receipts.height),
            np.cumsum([0, nominated[0].height, nominated[1].height]).tolist(),
            strict=True,
        )
    ]
    rows = pl.concat(nominated)
    by_account, by_name, by_text = starts
    nominee, reason, likeness = (
        np.array(rows[name].to_numpy(), dtype=np.int32) for name in ("customer", "reason", "likeness")
    )
    payers = Payers(
        _codes(mine, "account_code"), _codes(mine, "name_code"), by_account, by_name, by_text,
        nominee, reason, likeness, *_untaught(accounts.height), *_untaught(names.height),
    )  # fmt: skip
    lessons = Lessons(
        np.array(past["day"].to_numpy(), dtype=np.int32),
        _codes(theirs, "account_code"),
        _codes(theirs, "name_code"),
        np.array(past["customer"].to_numpy(), dtype=np.int32),
    )
    return payers, lessons


def _account(column: pl.Series) -> pl.Series:
    """Account numbers without blanks, upper case; null where there is none."""
    plain = column.str.to_uppercase().str.replace_all(r"[^0-9A-Z]", "")
    return plain.set(plain == "", None)


def _untaught(count: int) -> tuple[Int32, Int32, Int32]:
    return np.full(count, -1, dtype=np.int32), np.zeros(count, dtype=np.int32), np.zeros(count, dtype=np.int32)


def _coded(everyone: pl.DataFrame, accounts: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    return everyone.join(
        accounts.rename({"code": "account_code"}), on=["entity", "account"], how="left", maintain_order="left"
    ).join(names.rename({"code": "name_code"}), on=["entity", "key"], how="left", maintain_order="left")


def _codes(frame: pl.DataFrame, column: str) -> Int32:
    return np.array(frame[column].cast(pl.Int32).fill_null(-1).to_numpy(), dtype=np.int32)


def _starts(part: pl.DataFrame, count: int, offset: int) -> Int64:
    return np.searchsorted(part["code"].to_numpy(), np.arange(count + 1)).astype(np.int64) + offset


def _nominations(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a code and customer, its reasons together, in order of code."""
    return (
        frame.group_by("code", "customer")
        .agg(pl.col("reason").unique().sum(), pl.col("likeness").max())
        .sort("code", "customer")
        .select(
            pl.col("code").cast(pl.UInt32),
            pl.col("customer").cast(pl.Int32),
            pl.col("reason").cast(pl.Int32),
            pl.col("likeness").cast(pl.Int32),
        )
    )


def _aliases(known: Book, kind: str, scope: Scope) -> pl.DataFrame:
    rows = known.payer_aliases.filter(kind=kind).select("customer_id", "value")
    return rows.join(scope.customers.select("customer_id", "customer", "entity", "group"), on="customer_id")


def _by_account(known: Book, accounts: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """Master data: an account with one owner (or one paying group) names it, a shared one names them all."""
    value = pl.col("value").str.to_uppercase().str.replace_all(r"[^0-9A-Z]", "")
    owned = _aliases(known, "iban", scope).with_columns(account=value).unique(["account", "customer"])
    shared = pl.col("group").n_unique().over("entity", "account") > 1
    rows = owned.with_columns(reason=pl.when(shared).then(ACCOUNT_SHARED).otherwise(ACCOUNT_OWN))
    hits = accounts.join(rows, on=["entity", "account"]).with_columns(likeness=pl.lit(1000))
    return _nominations(hits.select("code", "customer", "reason", "likeness"))


def _by_name(known: Book, names: pl.DataFrame, people: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """The exact key, else at most three customers whose names resemble it; `people`: customer, entity, key."""
    named = _aliases(known, "name", scope).select("customer", "entity", key=name_key(pl.col("value")))
    owned = pl.concat([people, named]).drop_nulls().unique()
    shared = pl.col("customer").n_unique().over("entity", "key") > 1
    rows = owned.with_columns(reason=pl.when(shared).then(NAME_SHARED).otherwise(NAME_EXACT))
    hits = names.join(rows, on=["entity", "key"]).with_columns(likeness=pl.lit(1000))
    strange = names.join(rows, on=["entity", "key"], how="anti")
    alike = resembling(strange, people).with_columns(reason=pl.lit(NAME_LIKE))
    columns = ["code", "customer", pl.col("reason").cast(pl.Int32), pl.col("likeness").cast(pl.Int32)]
    return _nominations(pl.concat([hits.select(columns), alike.select(columns)]))


def _by_text(
    known: Book, receipts: pl.DataFrame, mine: pl.DataFrame, people: pl.DataFrame, scope: Scope
) -> pl.DataFrame:
    """Customer numbers in the text; names, where the bank gave neither name nor account, and of whom it pays for."""
    words = receipts.select(code=pl.int_range(pl.len()), entity="entity", text="text")
    spelled = words.select("code", "entity", word=pl.col("text").str.extract_all(r"\b[A-Z]{0,4}[0-9]{4,10}\b"))
    spelled = spelled.filter(pl.col("word").list.len() > 0).explode("word", empty_as_null=False)
    numbers = pl.concat(
        [
            _customer_numbers(scope),
            _aliases(known, "reference", scope).select(
                "customer", "entity", word=folded(pl.col("value")).str.replace_all(" ", "")
            ),
        ]
    )
    once = numbers.drop_nulls().unique().filter(pl.len().over("entity", "word") == 1)
    numbered = (
        spelled.join(once, on=["entity", "word"])
        .select("code", "customer", reason=pl.lit(CUSTOMER_NUMBER), likeness=pl.lit(1000))
        .unique()
    )
    meant = said_in(_meant(words), people).select("code", "customer", reason=pl.lit(NAME_LIKE), likeness="likeness")
    structured = _structured(words, _aliases(known, "reference", scope))
    nameless = words.filter((mine["account_code"].is_null()) & (mine["name_code"].is_null()))
    named = said_in(nameless, people).select("code", "customer", reason=pl.lit(NAME_LIKE), likeness="likeness")
    casts = [
        pl.col("code").cast(pl.UInt32),
        "customer",
        pl.col("reason").cast(pl.Int32),
        pl.col("likeness").cast(pl.Int32),
    ]
    return _nominations(pl.concat([part.select(casts) for part in (numbered, structured, named, meant)]))


def _meant(words: pl.DataFrame) -> pl.DataFrame:
    """code, entity, text: for whose account the payer says it pays, as a text of its own."""
    said = words.filter(pl.col("text").str.contains_any(_ON_BEHALF_WORDS))
    return said.with_columns(pl.col("text").str.extract(_ON_BEHALF)).drop_nulls("text")


def _structured(words: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """Customers' own creditor references (ISO 11649: RF and two check digits), however the text parts them."""
    bare = aliases.select("customer", "entity", word=folded(pl.col("value")).str.replace_all(" ", ""))
    known = bare.filter(pl.col("word").str.contains(_CREDITOR_REFERENCE)).unique()
    once = known.filter(pl.len().over("entity", "word") == 1)
    said = words.select("code", "entity", word=pl.col("text").str.extract_all(r"\bRF[0-9]{2}(?: ?[0-9A-Z]){4,21}"))
    spelled = (said if once.height else said.head(0)).explode("word", empty_as_null=False).drop_nulls("word")
    whole = pl.col("word").str.replace_all(" ", "")
    # What follows a reference may be read as a part of it: it is compared in each length that one has.
    lengths = once["word"].str.len_bytes().unique().to_list() or [0]
    cut = [spelled.with_columns(whole.str.slice(0, length)).join(once, on=["entity", "word"]) for length in lengths]
    return pl.concat(cut).unique().select("code", "customer", reason=pl.lit(CUSTOMER_NUMBER), likeness=pl.lit(1000))


def _customer_numbers(scope: Scope) -> pl.DataFrame:
    """Customers' numbers in their ledger (what follows the entity in their id), with and without letters."""
    source = pl.col("customer_id").str.extract(r"([^:]+)$")
    whole = folded(source).str.replace_all(" ", "")
    rows = pl.concat(
        [scope.customers.select("customer", "entity", word=word) for word in (whole, whole.str.replace_all(r"\D", ""))]
    )
    # Five characters with a digit: shorter ones are days, years and quantities.
    return rows.filter(pl.col("word").str.contains(r"\d") & (pl.col("word").str.len_bytes() >= 5))


def _past(known: Book, scope: Scope, misled: Collection[str]) -> pl.DataFrame:
    """Standing cash of the book: day, entity, payer_account, payer_name, customer, one row a receipt and customer."""
    paid = known.allocations.filter(
        (pl.col("kind") == "cash") & pl.col("receipt_id").is_not_null() & pl.col("reversed_on").is_null()
    )
    senders = known.receipts.select("receipt_id", "entity_id", "payer_account", "payer_name")
    senders = senders.filter(pl.col("payer_account").is_not_null() | pl.col("payer_name").is_not_null())
    if misled:
        senders = senders.filter(~pl.col("receipt_id").is_in(list(misled)))
    rows = (
        paid.join(senders, on="receipt_id")
        .join(known.items.select("item_id", "customer_id"), on="item_id")
        .join(scope.customers.select("customer_id", "customer"), on="customer_id")
    )
    day = pl.max_horizontal("allocated_on", "known_on")
    return (
        rows.group_by("receipt_id", "customer")
        .agg(pl.col("entity_id", "payer_account", "payer_name").first(), day=days_of(day, ALWAYS).min())
        .with_columns(entity=scope.entity_code(pl.col("entity_id")))
        .sort("day", "receipt_id", "customer")
    )
