"""A FEC's lines with typed columns; lines that cannot be read are set aside with their number and text."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from encours.connectors.fec.layout import Layout
from encours.core.base.money import decimal_text_to_minor

#: What every line is known by is cleaned at once; the rest only on the lines that become rows of the Book.
_KEYS = ("journal", "number", "account", "aux", "letter")
_LATER_TEXTS = ("account_name", "aux_name", "piece", "label")
_LATER_DATES = ("piece_date", "letter_date", "due")
_UNUSED = ("foreign_amount", "foreign_currency")
_BLANKS = " \t"  # what may stand around a text
_HEAD = 65536
_ZERO = "0,00"
_CENTS = 2  # a FEC is kept in euros (Code de commerce art. R123-176), overseas in francs without a minor unit


@dataclass(frozen=True)
class Lines:
    """Good lines (line, texts, dates, debit, credit, net in cents) and bad ones (line, text, code)."""

    good: pl.DataFrame
    bad: pl.DataFrame


def read_lines(data: bytes, layout: Layout, decimals: int = _CENTS) -> Lines:
    """Every line after the header, typed; `line` counts from 1. Names, labels and side dates stay texts (`finish`).

    `decimals` are those of the ledger's currency: debit, credit and net are in its minor units.
    """
    raw = _raw(data, layout)
    # Between tabs no field can hold one, unless it is quoted.
    blanks = _BLANKS if layout.quoted else _BLANKS.replace(layout.separator, "")
    typed = raw.with_columns(
        *(_text(name, raw, blanks) for name in _KEYS),
        _date("date", raw),
        **_amounts(raw, decimals),
    ).with_columns(net=pl.col("debit") - pl.col("credit"))
    unread = pl.col("date").is_null() | pl.col("net").is_null() | pl.col("account").is_null()
    if not typed.select(unread.any()).item():
        return Lines(typed, _rejects(data, typed.clear()))
    bad = typed.filter(unread)
    # A blank line is no line: it neither counts nor is rejected.
    empty = pl.all_horizontal(pl.col("journal", "number", "account").is_null()) & pl.col("date").is_null()
    return Lines(typed.filter(~unread), _rejects(data, bad.filter(~empty | pl.any_horizontal(_filled(bad)))))


def finish(lines: pl.DataFrame) -> pl.DataFrame:
    """The chosen lines with their names, labels and side dates typed as well."""
    return lines.with_columns(
        *(_text(name, lines) for name in _LATER_TEXTS), *(_date(name, lines) for name in _LATER_DATES)
    )


def _filled(frame: pl.DataFrame) -> list[pl.Expr]:
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    return [(pl.col(name).str.strip_chars() != "").fill_null(False) for name in texts] or [pl.lit(False)]


def _raw(data: bytes, layout: Layout) -> pl.DataFrame:
    by_position = {position: name for name, position in layout.names.items()}
    columns = [by_position.get(n, f"_{n}") for n in range(layout.columns)]
    schema = dict.fromkeys(columns, pl.String())
    if not _has_lines(data):
        return pl.DataFrame(schema={"line": pl.Int64(), **{name: pl.String() for name in layout.names}})
    frame = pl.read_csv(
        data,
        skip_lines=1,
        separator=layout.separator,
        has_header=False,
        schema=schema,
        columns=sorted(position for name, position in layout.names.items() if name not in _UNUSED),
        quote_char='"' if layout.quoted else None,
        truncate_ragged_lines=True,
        ignore_errors=True,
        missing_columns="insert",
        extra_columns="ignore",
    )
    return frame.with_row_index("line", offset=2).with_columns(pl.col("line").cast(pl.Int64))


def _has_lines(data: bytes) -> bool:
    """Whether anything but blanks stands after the header."""
    start = data.find(b"\n") + 1
    # A whole ledger is never copied to learn this: mostly its first bytes say it.
    return start > 0 and bool(data[start : start + _HEAD].strip() or data[start:].strip())


def _text(name: str, raw: pl.DataFrame, blanks: str = _BLANKS) -> pl.Expr:
    if name not in raw.columns:
        return pl.lit(None, dtype=pl.String).alias(name)
    column = raw[name]
    if not ((column == "").any() or any(_edged(column, blank) for blank in blanks)):
        return pl.col(name)
    clean = pl.col(name).str.strip_chars()
    return pl.when(clean != "").then(clean).alias(name)


def _edged(column: pl.Series, blank: str) -> bool:
    return bool(column.str.ends_with(blank).any() or column.str.starts_with(blank).any())


def _date(name: str, raw: pl.DataFrame) -> pl.Series | pl.Expr:
    if name not in raw.columns:
        return pl.lit(None, dtype=pl.Date).alias(name)
    plain = raw[name].str.to_date("%Y%m%d", strict=False)
    if plain.null_count() == raw[name].null_count():
        return plain
    text = pl.col(name).str.strip_chars()
    day = text.str.to_date("%Y%m%d", strict=False)
    sample = raw[name].drop_nulls().head(1000)
    if sample.str.contains(r"[-/.]").any():
        # Some exports write the dates as people do.
        day = pl.coalesce(day, *(text.str.to_date(form, strict=False) for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y")))
    return day.alias(name)


def _amounts(raw: pl.DataFrame, decimals: int) -> dict[str, pl.Series | pl.Expr]:
    if "debit" in raw.columns and "credit" in raw.columns:
        return {"debit": _cents(raw["debit"], decimals), "credit": _cents(raw["credit"], decimals)}
    if "amount" not in raw.columns or "direction" not in raw.columns:
        return {"debit": pl.lit(None, dtype=pl.Int64), "credit": pl.lit(None, dtype=pl.Int64)}
    return _from_direction(raw, decimals)


def _from_direction(raw: pl.DataFrame, decimals: int) -> dict[str, pl.Series | pl.Expr]:
    """Montant and Sens: D or +1 is a debit, C or -1 a credit."""
    amount = pl.lit(_cents(raw["amount"], decimals))
    sense = pl.col("direction").str.strip_chars().str.to_uppercase()
    debit, credit = sense.is_in(["D", "+1", "1", "+"]), sense.is_in(["C", "-1", "-"])
    zero = pl.lit(0, dtype=pl.Int64)
    return {
        "debit": pl.when(debit).then(amount).when(credit).then(zero),
        "credit": pl.when(credit).then(amount).when(debit).then(zero),
    }


def _cents(texts: pl.Series, decimals: int) -> pl.Series:
    """Minor units of printed amounts; blank is 0, what is no amount is null."""
    # Every line has a debit or a credit, hardly one has both: half of all amounts are zero and need no reading.
    zero = pl.Series(texts.name, [0], dtype=pl.Int64).new_from_index(0, len(texts))
    some = (texts != _ZERO).fill_null(False)
    return zero.scatter(some.arg_true(), _read_cents(texts.filter(some), decimals))


def _read_cents(texts: pl.Series, decimals: int) -> pl.Series:
    """Nearly every amount is digits, a comma and two digits: those are read at once, the others take a longer way."""
    text = pl.col(texts.name)
    plain = (text.str.slice(-3, 1) == ",") & pl.lit(decimals == _CENTS)
    digits = text.str.replace(",", "", literal=True).cast(pl.Int64, strict=False)
    minor = texts.to_frame().select(minor=pl.when(plain).then(digits))["minor"]
    odd = minor.is_null()
    return minor.scatter(odd.arg_true(), _odd_cents(texts.filter(odd), decimals)) if odd.any() else minor


def _odd_cents(texts: pl.Series, decimals: int) -> pl.Series:
    """Padded amounts, points for commas or for thousands; then whatever else is one."""
    name = texts.name
    frame = pl.DataFrame({name: texts}).with_columns(pl.col(name).str.strip_chars())
    plain = pl.col(name).str.slice(-3, 1).is_in([",", "."]) & pl.lit(decimals == _CENTS)
    digits = pl.col(name).str.replace(",", "", literal=True).str.replace(".", "", literal=True)
    blank = pl.col(name).is_null() | (pl.col(name) == "")
    fast = frame.select(
        minor=pl.when(blank).then(0).when(plain).then(digits.cast(pl.Int64, strict=False)),
    )["minor"]
    if not fast.null_count():
        return fast
    slow = frame.filter(fast.is_null()).select(minor=decimal_text_to_minor(pl.col(name), decimals))["minor"]
    where = fast.is_null().arg_true()
    return fast.scatter(where, slow) if where.len() else fast


def _rejects(data: bytes, bad: pl.DataFrame) -> pl.DataFrame:
    """line, text, code of the lines that could not be read."""
    schema = {"line": pl.Int64(), "text": pl.String(), "code": pl.String()}
    if not bad.height:
        return pl.DataFrame(schema=schema)
    texts = data.split(b"\n")
    numbers = bad["line"].to_list()
    said = bad.select(
        code=pl.when(pl.col("date").is_null())
        .then(pl.lit("bad_date"))
        .when(pl.col("net").is_null())
        .then(pl.lit("bad_amount"))
        .otherwise(pl.lit("no_account"))
    )["code"]
    shown = [texts[n - 1].decode("utf-8", errors="replace")[:2000] if n <= len(texts) else "" for n in numbers]
    return pl.DataFrame({"line": numbers, "text": shown, "code": said}, schema=schema)
