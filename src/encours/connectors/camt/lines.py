"""Bank lines out of camt entries, by column: entries of one shape are read off together.

An entry that stands for one line is known by its texts alone. What it takes to split a batch, or to say what is wrong
with an entry, is left to the reader, which hands over such lines in the same columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import polars as pl

from encours.connectors.base.bank import on_account_of
from encours.connectors.base.bank_columns import accounts, cleaned, day, minor_units, references
from encours.connectors.camt.entry import DETAIL, ENTRY, Node
from encours.connectors.camt.kinds import kind_of
from encours.connectors.camt.party import counterparty
from encours.connectors.camt.plans import Entry, Plan

#: Before the names of what is the detail's own.
OF_DETAIL = "detail."
_BOOKED = "BOOK"
_CODES = ("domain", "family", "sub_family", "proprietary")
#: What the kind of a receipt hangs on.
_KIND_BY = (*_CODES, "reversal", *(OF_DETAIL + name for name in (*_CODES, "return_reason")), "credit")


def _names(place: Node) -> Iterable[str]:
    if place.kind and place.kind != "+":
        yield place.name
    for below in place.below.values() if place.kind != "+" else ():
        yield from _names(below)


#: The texts of a line: the entry's, then its only detail's, whose `unstructured` are one text; `amount` bears its sign
#: (in +, out −) and `currency` is the amount's or the account's.
RAW: Mapping[str, pl.DataType] = {
    "number": pl.Int64(),
    "currency": pl.String(),
    **{name: pl.String() for name in dict.fromkeys(_names(ENTRY))},
    **{OF_DETAIL + name: pl.String() for name in dict.fromkeys(_names(DETAIL))},
}


def raw_frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows of RAW, absent names null."""
    return pl.DataFrame(rows, schema=dict(RAW))


#: minor, booked_on, value_on of RAW rows: null where the text is not plainly that.
_EXACT = {"minor": minor_units("amount", "currency"), "booked_on": day("booked"), "value_on": day("value")}


def plain_entries(entries: list[Entry], first: int, currency: str | None) -> pl.DataFrame:
    """RAW of the booked entries that are one line each and leave nothing to say; `first` is the first one's number.

    `currency` is the account's.
    """
    by_plan: dict[Plan, tuple[list[int], list[tuple[str, ...]]]] = defaultdict(lambda: ([], []))
    for number, (plan, texts) in enumerate(entries, first):
        numbers, rows = by_plan[plan]
        numbers.append(number)
        rows.append(texts)
    parts = [_of_plan(plan, numbers, rows) for plan, (numbers, rows) in by_plan.items() if _is_plain(plan)]
    sign = pl.col("sign")
    return (
        pl.concat([raw_frame([]), *parts], how="diagonal")
        .with_columns(
            amount=pl.when(sign == "DBIT").then("-" + pl.col("amount")).otherwise("amount"),
            currency=pl.col("currency").fill_null(pl.lit(currency, dtype=pl.String)),
        )
        .with_columns(**_EXACT)
        .filter(
            sign.is_in(["CRDT", "DBIT"])
            & (pl.col("status").is_null() | (pl.col("status") == _BOOKED))
            & pl.all_horizontal(pl.col("minor", "booked_on").is_not_null())
            & (pl.col("value_on").is_not_null() | pl.col("value").is_null())
        )
    )


def _is_plain(plan: Plan) -> bool:
    """Whether entries of this shape have one amount, and no more than one detail, all of whose texts can be joined."""
    amounts = sum(kind == "*" for _, kind, _, _ in plan.texts)
    details = [detail for _, detail in plan.groups]
    named = {name for detail in details for name, _, _, _ in detail.texts}
    return amounts == 1 and len(details) <= 1 and "structured" not in named


def _of_plan(plan: Plan, numbers: list[int], rows: list[tuple[str, ...]]) -> pl.DataFrame:
    texts = pl.DataFrame({str(place): column for place, column in enumerate(zip(*rows, strict=True))})
    columns = _columns(plan, "")
    for _, detail in plan.groups:
        columns |= _columns(detail, OF_DETAIL)
    currency = next((currency for _, kind, _, currency in plan.texts if kind == "*"), None)
    return texts.select(
        number=pl.Series(numbers, dtype=pl.Int64), currency=pl.lit(currency, dtype=pl.String), **columns
    )


def _columns(plan: Plan, prefix: str) -> dict[str, pl.Expr]:
    places: dict[str, list[pl.Expr]] = defaultdict(list)
    repeated = {name for name, kind, _, _ in plan.texts if kind == "&"}
    for name, _, place, _ in plan.texts:
        bare = pl.col(str(place)).str.strip_chars()
        places[name].append(pl.when(bare != "").then(bare))
    return {
        prefix + name: _joined(at) if name in repeated and len(at) > 1 else pl.coalesce(at)
        for name, at in places.items()
    }


def _joined(texts: list[pl.Expr]) -> pl.Expr:
    whole = pl.concat_str(texts, separator=" ", ignore_nulls=True)
    return pl.when(whole != "").then(whole)


def lines(raw: pl.DataFrame, own_account: str | None) -> pl.DataFrame:
    """The bank lines of RAW rows, as `BankFile.add_all` takes them; `own_account` is the statement's."""
    if "minor" not in raw.columns:
        raw = raw.with_columns(**_EXACT)
    end_to_end = references(raw["detail.end_to_end"])
    found = raw.select(
        *("number", "amount", "minor", "currency", "booked_on", "value_on"),
        *(name for name in _KIND_BY if name != "credit"),
        credit=~pl.col("amount").str.starts_with("-") | (pl.col("minor") == 0).fill_null(value=False),
        debtor=pl.coalesce("detail.debtor", "detail.ultimate_debtor"),
        debtor_account=accounts(raw["detail.debtor_account"]),
        ultimate_debtor="detail.ultimate_debtor",
        creditor=pl.coalesce("detail.creditor", "detail.ultimate_creditor"),
        creditor_account=accounts(raw["detail.creditor_account"]),
        remittance=cleaned(raw.select(_text()).to_series()),
        end_to_end_id=end_to_end,
        whole=_first(references(raw["bank_reference"]), references(raw["reference"])),
        own=_first(references(raw["detail.bank_reference"]), references(raw["detail.transaction"]), end_to_end),
    )  # fmt: skip
    found = found.join(_kinds(found), on=list(_KIND_BY), how="left", nulls_equal=True, maintain_order="left")
    name, account = counterparty(own_account)
    found = found.with_columns(payer_name=name, payer_account=account)
    found = found.with_columns(remittance=_with_ultimate(found))
    # The bank's number of a batch is the same for all its details: theirs tell them apart.
    mark = pl.concat_str("whole", "own", separator="|", ignore_nulls=True)
    return found.select(
        *("number", "booked_on", "amount", "minor", "currency", "kind", "value_on"),
        cleaned(found["payer_name"], 140),
        *("payer_account", "remittance", "end_to_end_id"),
        bank_reference=pl.when(mark != "").then(mark),
    )


def _with_ultimate(found: pl.DataFrame) -> pl.Series:
    """The texts, with the ultimate debtor where the debtor pays and is somebody else."""
    name = cleaned(found["ultimate_debtor"], 140)
    if name.null_count() == found.height:
        return found["remittance"]
    payer = cleaned(found.select(pl.when(pl.col("payer_name") == pl.col("debtor")).then("debtor")).to_series(), 140)
    places = name.is_not_null().arg_true()
    told = zip(*(column.gather(places) for column in (found["remittance"], name, payer)), strict=True)
    texts = pl.Series([on_account_of(*one) for one in told], dtype=pl.String)
    return found["remittance"].clone().scatter(places, texts)


def _text() -> pl.Expr:
    """What the line says; of a return also the bank's reason, of a batch that stays one line its number and size."""
    lines = pl.when(pl.col("batch_lines").str.contains(r"^\d{1,6}$")).then("batch_lines")
    name = pl.concat_str(
        pl.coalesce("batch", "batch_message"), pl.format("NB {}", lines), separator=" ", ignore_nulls=True
    )
    batch = pl.when((name != "") & (lines.is_null() | (lines != "1"))).then(name)
    said = pl.coalesce("detail.unstructured", "detail.info", "info")
    reason = pl.col("detail.return_reason")
    why = pl.when(~said.fill_null("").str.contains(reason, literal=True)).then(reason)
    both = pl.concat_str(said, why, batch, separator=" ", ignore_nulls=True)
    return pl.when(both != "").then(both)


def _kinds(found: pl.DataFrame) -> pl.DataFrame:
    """_KIND_BY and kind, each combination once: a file has few."""
    known = found.select(_KIND_BY).unique()
    kinds = []
    for row in known.iter_rows(named=True):
        credit = row.pop("credit")
        said = {name: value for name, value in row.items() if value is not None}
        entry = {name: value for name, value in said.items() if not name.startswith(OF_DETAIL)}
        detail = {name.removeprefix(OF_DETAIL): value for name, value in said.items() if name.startswith(OF_DETAIL)}
        kinds.append(kind_of(entry, detail, credit))
    return known.with_columns(kind=pl.Series(kinds, dtype=pl.String))


def _first(*texts: pl.Series) -> pl.Series:
    return pl.select(pl.coalesce(*texts)).to_series()
