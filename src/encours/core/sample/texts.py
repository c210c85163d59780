"""What payers write: names as their bank has them, references as they type them, cut by the channel."""

from __future__ import annotations

import unicodedata

import numpy as np
import polars as pl

from encours.core.sample.cast import Cast
from encours.core.sample.draws import Bools, Texts, generator, pick

#: How a reference is written, share of receipts. `none` is drawn by the payer's habit (`cast.OMISSION`).
REFERENCE_FORMS = {
    "exact": 0.343,
    "digits": 0.119,
    "no_separator": 0.099,
    "separators": 0.064,
    "tail": 0.071,
    "typo": 0.011,
    "suffixes": 0.018,
    "range": 0.005,
    "cut": 0.026,
    "count": 0.036,
    "other": 0.067,
    "wrong": 0.008,
}
HABIT_KEPT = 0.8
#: How a payer's name stands on its bank account, fixed for the account.
NAME_FORMS = {
    "exact": 0.42,
    "no_legal_form": 0.18,
    "form_moved": 0.08,
    "cut": 0.08,
    "abbreviated": 0.06,
    "case": 0.05,
    "misspelt": 0.04,
    "order": 0.03,
    "trade_name": 0.03,
    "empty": 0.03,
}
IBAN_ARRIVES = {"camt": 0.98, "cfonb140": 0.60, "mt940": 0.60, "cfonb31": 0.0, "ofx": 0.0}
_LEGAL = ("SAS", "SARL", "SA", "EURL", "SNC", "SCOP")
_LEADS = ("", "", "FACT ", "FACTURE ", "REGLT ", "REGLEMENT FACTURE ", "PAIEMENT ", "VOS FACT ", "N/REF ")
_NOTHING = ("", "", "VIREMENT", "REGLEMENT", "PAIEMENT FOURNISSEUR", "VIR SEPA", "MERCI", "SOLDE COMPTE")
_STRANGERS = (
    "REMBOURSEMENT CREDIT TVA DGFIP",
    "INTERETS CREDITEURS",
    "VIREMENT INTERNE TRESORERIE",
    "REMBT ASSURANCE SINISTRE",
)


def plain(text: str) -> str:
    """Upper case without accents: what a bank keeps of a name."""
    flat = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in flat if not unicodedata.combining(letter)).upper().replace("’", "'")


def bank_names(cast: Cast, seed: int) -> Texts:
    """The name each payer's bank account bears; None where the bank gives none."""
    rng = generator(seed, "bank names")
    form = pick(rng, NAME_FORMS, cast.size)
    dice = rng.random(cast.size)
    names = [_bank_name(*row) for row in zip(cast.payer_name, form, dice, strict=True)]
    return np.array(names, dtype=object)[cast.payer]


def _bank_name(name: str, form: str, dice: float) -> str | None:
    words = plain(name).split()
    legal = [word for word in words if word in _LEGAL]
    bare = [word for word in words if word not in _LEGAL] or words
    if form == "empty":
        return None
    if form == "misspelt":
        at = 1 + int(dice * (len(bare[0]) - 1)) if len(bare[0]) > 1 else 0
        return " ".join([bare[0][:at] + bare[0][at + 1 :], *bare[1:], *legal])
    return {
        "no_legal_form": " ".join(bare),
        "form_moved": " ".join([*legal, *bare] if words[-1:] == legal[-1:] else [*bare, *legal]),
        "cut": " ".join(words)[: 18 + int(dice * 10)].strip(),
        "abbreviated": " ".join(word[:4] for word in words),
        "case": name,
        "order": " ".join([*reversed(bare), *legal]),
        "trade_name": bare[-1],
    }.get(form, " ".join(words))


def reference_forms(cast: Cast, payer: np.ndarray, several: Bools, seed: int) -> Texts:
    """How each receipt quotes what it pays: the payer's own form four times in five, nothing where the payer omits."""
    rng = generator(seed, "references")
    size = len(payer)
    fresh = pick(rng, REFERENCE_FORMS, size)
    form = np.where(rng.random(size) < HABIT_KEPT, cast.reference_form[payer], fresh)
    form = np.where(~several & np.isin(form, ["suffixes", "range", "count"]), "exact", form)
    return np.where(rng.random(size) < cast.omission[payer], "none", form).astype(object)


def remittances(receipts: pl.DataFrame, quoted: pl.DataFrame, seed: int) -> pl.Series:
    """The text of each receipt, uncut.

    `receipts`: row, form, kind, pattern, customer_code, order_ref; `quoted`: row, nth, number, wrong_number. Rows of
    `quoted` are the documents a receipt pays, in order.
    """
    rng = generator(seed, "remittances")
    size = receipts.height
    dressed = receipts.with_columns(
        lead=pl.Series(rng.choice(np.array(_LEADS, dtype=object), size).astype(str)),
        glue=pl.Series(rng.choice(np.array([" ", ", ", "/", "+", " ET "], dtype=object), size).astype(str)),
        separator=pl.Series(rng.choice(np.array([" ", "/", "."], dtype=object), size).astype(str)),
        nothing=pl.Series(rng.choice(np.array(_NOTHING, dtype=object), size).astype(str)),
        stranger=pl.Series(rng.choice(np.array(_STRANGERS, dtype=object), size).astype(str)),
        cheque=pl.Series(rng.integers(1_000_000, 9_999_999, size)),
    )
    joined = quoted.join(
        dressed.select("row", "form", "glue", "separator"), on="row", how="left", maintain_order="left"
    )
    lists = (
        joined.with_columns(written=_written())
        .group_by("row", maintain_order=True)
        .agg(
            refs=pl.col("written").drop_nulls(),
            glue=pl.col("glue").first(),
            first=pl.col("number").first(),
            last=pl.col("number").last(),
            count=pl.len(),
        )
        .with_columns(listed=pl.col("refs").list.join(pl.col("glue")))
        .select("row", "listed", "first", "last", "count")
    )
    whole = dressed.join(lists, on="row", how="left", maintain_order="left")
    return whole.select(text=_text()).to_series()


def _written() -> pl.Expr:
    """One document's number in the receipt's form."""
    number = pl.col("number")
    serial = number.str.slice(5).str.strip_chars_start("0")
    bare = number.str.replace("-", "", literal=True)
    typo = number.str.slice(0, 10) + ((number.str.slice(10).cast(pl.Int64, strict=False).fill_null(0) + 3) % 10).cast(
        pl.String
    )
    changed = (
        number.str.slice(0, 2)
        + pl.col("separator")
        + number.str.slice(2, 2)
        + pl.col("separator")
        + number.str.slice(5)
    )
    forms = {
        "digits": bare.str.slice(2),
        "no_separator": bare,
        "separators": changed,
        "tail": serial,
        "typo": typo,
        "suffixes": pl.when(pl.col("nth") == 0).then(bare.str.slice(2)).otherwise(number.str.slice(9)),
        "wrong": pl.col("wrong_number"),
    }
    cut = pl.when(pl.col("nth") == 0).then(number)
    forms["cut"] = cut
    written = [pl.when(pl.col("form") == form).then(text) for form, text in forms.items()]
    # A list that the payer cut names its first document only.
    return pl.when((pl.col("form") == "cut") & (pl.col("nth") > 0)).then(None).otherwise(pl.coalesce(*written, number))


def _text() -> pl.Expr:
    form, kind, pattern = pl.col("form"), pl.col("kind"), pl.col("pattern")
    other = (
        pl.when(pl.col("row") % 3 == 0)
        .then(pl.format("CLIENT {}", "customer_code"))
        .otherwise(pl.format("CDE {}", "order_ref"))
    )
    return (
        pl.when(pattern == "not_ar")
        .then(pl.col("stranger"))
        .when(pattern == "refund")
        .then(pl.lit("REMBOURSEMENT DOUBLE REGLEMENT"))
        .when(kind == "cheque")
        .then(pl.format("CHQ {}", "cheque"))
        .when(kind == "card")
        .then(pl.lit("CARTE BANCAIRE"))
        .when(kind == "return")
        .then(pl.format("REJET PRLV AM04 {}", pl.col("first").fill_null("")))
        .when(kind == "direct_debit")
        .then(pl.format("PRLV {}", pl.col("first").fill_null("")))
        .when(kind == "draft")
        .then(pl.format("LCR {}", pl.col("first").fill_null("")))
        .when(pattern == "advance")
        .then(pl.format("ACOMPTE CDE {}", "order_ref"))
        .when((form == "none") | pl.col("listed").is_null())
        .then(pl.col("nothing"))
        .when(form == "range")
        .then(pl.format("FACT {} A {}", "first", pl.col("last").str.slice(5)))
        .when(form == "count")
        .then(pl.format("{} FACTURES SELON AVIS", "count"))
        .when(form == "other")
        .then(other)
        .when(form == "suffixes")
        .then(pl.col("lead") + pl.col("listed").str.replace_all(r"(, |\+| ET | )", "/"))
        .otherwise(pl.col("lead") + pl.col("listed"))
        .str.strip_chars()
    )
