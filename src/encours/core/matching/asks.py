"""Receipts as parallel arrays, in the order in which they are decided."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.book import Book
from encours.core.base.schema import TABLES, known_on_expr
from encours.core.matching.names import name_keys
from encours.core.matching.pool import ALWAYS, days_of
from encours.core.matching.references.bytes import cleaned
from encours.core.matching.references.scan import FIELD_BREAK
from encours.core.matching.scope import Scope

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: Words of the text that say what the money is (bits).
SAYS_ADVANCE, SAYS_CREDIT, SAYS_BALANCE, SAYS_OTHER, SAYS_FEES, SAYS_PART = 1, 2, 4, 8, 16, 32
_WORDS = {
    SAYS_ADVANCE: r"\b(ACOMPTES?|AVANCES?|ARRHES|PROFORMA|PRO FORMA|ADVANCE|DEPOSIT|PREPAYMENT|ANZAHLUNG)\b",
    SAYS_CREDIT: r"\b(AVOIRS?|CREDIT NOTE|NOTE DE CREDIT|RFA|REMISE|RISTOURNE|GUTSCHRIFT|DEDUCTION)\b",
    SAYS_BALANCE: r"\b(SOLDE|RELEVE|STATEMENT|BALANCE|ECHEANCES?|COMPTE)\b",
    SAYS_OTHER: r"\b(TVA|INTERETS?|INTERNE|SUBVENTION|INDEMNITE|ASSURANCE|REMBOURSEMENT|DIVIDENDE|SALAIRE|IMPOTS?)\b",
    SAYS_FEES: r"\b(FRAIS|COMMISSION|NET DE|FEES?|CHARGES)\b",
    SAYS_PART: r"\b(PARTIEL|PARTIELLE|ECHEANCIER|MENSUALITE|1ER|2EME|3EME|SUR|TRANCHE|VERSEMENT|PARTIAL)\b",
}
#: Columns of the Book's receipts that the stages read.
_READ = (
    "receipt_id", "entity_id", "kind", "origin", "amount", "unapplied", "currency", "customer_id", "payer_account",
    "payer_name", "returns_receipt_id", "remittance", "end_to_end_id",
)  # fmt: skip
#: Two receipts further apart are not one payment made twice.
TWIN_DAYS = 120


class Asks(NamedTuple):
    """One place a receipt with money left. `amount`: what is left of it, minor units. `day`: when it was booked and
    known. `customer`: on whose account it stands (−1: nobody's). `says`: what its words say. `twin`: an earlier receipt
    of the same payer and amount within 120 days: 2 with the same text, 1 with another, 0 none. `digits`: digits in the
    text. `partly`: some of its money is applied."""

    amount: Int64
    day: Int32
    entity: Int32
    currency: Int32
    customer: Int32
    says: Int32
    twin: Int32
    digits: Int32
    partly: Bools
    searched: Bools


def make_receipts(known: Book, scope: Scope) -> pl.DataFrame:
    """Receipts with money left in the order of booking: row and the columns that the stages read."""
    receipts = known.unapplied_receipts().select(
        *_READ, day=pl.max_horizontal("booked_on", known_on_expr(TABLES["receipts"]))
    )
    text = pl.concat_str(["remittance", "end_to_end_id"], separator=FIELD_BREAK, ignore_nulls=True)
    keys = name_keys(receipts["payer_name"])
    seen = _twins(receipts, keys)
    return (
        receipts.with_columns(name_key=keys)
        .filter(pl.col("unapplied") != 0)
        .join(seen, on="receipt_id", how="left", maintain_order="left")
        .join(scope.customers.select("customer_id", "customer"), on="customer_id", how="left")
        .with_columns(text=text)
        .select(
            "receipt_id",
            "entity_id",
            "kind",
            "origin",
            "amount",
            "unapplied",
            "customer_id",
            "payer_account",
            "payer_name",
            "name_key",
            "returns_receipt_id",
            "day",
            "twin",
            "twin_of",
            "text",
            entity=scope.entity_code(pl.col("entity_id")),
            currency=scope.currency_code(pl.col("currency")),
            currency_word="currency",
            customer=pl.col("customer").fill_null(-1),
        )
        .sort("day", "receipt_id")
        .with_row_index("row")
        .with_columns(pl.col("text").map_batches(cleaned, return_dtype=pl.String))
    )


def _twins(receipts: pl.DataFrame, name_keys: pl.Series) -> pl.DataFrame:
    """receipt_id, twin, twin_of: the nearest earlier receipt of the same payer and amount, applied or not.

    Receipts without one may be left out.
    """
    account = pl.col("payer_account").str.replace_all(" ", "")
    payer = pl.coalesce("customer_id", account, "name_key")
    key = ["entity_id", "currency", "amount", "payer"]
    told = receipts.with_columns(name_key=name_keys).select(
        "receipt_id",
        "entity_id",
        "currency",
        "amount",
        "day",
        "remittance",
        payer=payer.fill_null(""),
    )
    # Few amounts come twice from one payer: only those are laid out in order.
    rows = told.filter(told.select(key).hash_rows().is_duplicated()).sort(*key, "day", "receipt_id")
    alike = _after(rows, key, "alike")
    same = _after(alike.sort(*key, "remittance", "day", "receipt_id"), [*key, "remittance"], "same")
    return same.select(
        "receipt_id",
        twin=pl.when(pl.col("same").is_not_null() & pl.col("remittance").is_not_null())
        .then(2)
        .when(pl.col("alike").is_not_null() & (pl.col("payer") != ""))
        .then(1)
        .otherwise(0)
        .cast(pl.Int32),
        twin_of=pl.coalesce(pl.when(pl.col("remittance").is_not_null()).then("same"), "alike"),
    )


def _after(rows: pl.DataFrame, key: list[str], name: str) -> pl.DataFrame:
    """Adds the id of the row before where it has the same key and is near in time; `rows` are sorted by key and day."""
    like = pl.all_horizontal(pl.col(column).eq_missing(pl.col(column).shift(1)) for column in key)
    near = (pl.col("day") - pl.col("day").shift(1)).dt.total_days() <= TWIN_DAYS
    return rows.with_columns(pl.when(like & near).then(pl.col("receipt_id").shift(1)).alias(name))


def _says(texts: pl.Series) -> pl.Series:
    """The bits of what each text says; most hold none of the words, and to see that they are read once."""
    places = texts.str.contains("|".join(_WORDS.values())).fill_null(False).arg_true()
    bits = pl.lit(0, dtype=pl.Int32)
    for bit, words in _WORDS.items():
        bits = bits + pl.when(pl.col("text").str.contains(words)).then(bit).otherwise(0)
    said = texts.gather(places).to_frame("text").select(bits).to_series()
    return pl.zeros(len(texts), dtype=pl.Int32, eager=True).scatter(places, said)


def make_asks(receipts: pl.DataFrame) -> Asks:
    """The arrays of `make_receipts`. A returned payment is not searched: it takes back what it had paid."""
    derived = receipts.select(
        days_of(pl.col("day"), ALWAYS).alias("day"),
        says=_says(receipts["text"]),
        digits=pl.col("text").str.count_matches(r"\d").fill_null(0).cast(pl.Int32),
        partly=pl.col("amount") != pl.col("unapplied"),
        searched=pl.col("kind") != "return",
    )
    return Asks(
        amount=np.array(receipts["unapplied"].to_numpy(), dtype=np.int64),
        day=np.array(derived["day"].to_numpy(), dtype=np.int32),
        entity=np.array(receipts["entity"].to_numpy(), dtype=np.int32),
        currency=np.array(receipts["currency"].to_numpy(), dtype=np.int32),
        customer=np.array(receipts["customer"].to_numpy(), dtype=np.int32),
        says=np.array(derived["says"].to_numpy(), dtype=np.int32),
        twin=np.array(receipts["twin"].fill_null(0).to_numpy(), dtype=np.int32),
        digits=np.array(derived["digits"].to_numpy(), dtype=np.int32),
        partly=np.array(derived["partly"].to_numpy(), dtype=np.bool_),
        searched=np.array(derived["searched"].to_numpy(), dtype=np.bool_),
    )
