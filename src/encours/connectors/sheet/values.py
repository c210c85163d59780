"""What the cells of a column are: dates in which order, amounts with which decimal mark; and reading them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from encours.connectors.sheet.grid import TYPED_NUMBER
from encours.core.base.money import EXPONENTS, decimal_text_to_minor, exponent_expr

#: Date formats a mapping may name. `auto` is decided for the column.
DATE_FORMATS = ("auto", "iso", "dmy", "mdy", "dmy8", "mdy8", "dmy6", "serial")
DECIMAL_MARKS = ("auto", ",", ".")

_ISO = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$"
_COMPACT = r"^(19\d\d|20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[T ]?\d{4,6}.*)?$"
_PARTS = r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?:[T ,].*)?$"
_NAMED = r"^(\d{1,2})[-/. ]+([A-Za-zÀ-ÿ]{3,10})\.?[-/. ,]+(\d{4}|\d{2})(?:[T ].*)?$"
_EIGHT = r"^(\d{2})(\d{2})(\d{4})$"
_SIX = r"^(\d{2})(\d{2})(\d{2})$"
_SERIAL = r"^\x01?([2-6]\d{4})(?:\.\d+)?$"
_EXCEL_EPOCH = date(1899, 12, 30)

_MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "jan janv janvier january januar ene enero gen",
            "feb fev fevr fevrier february februar febrero",
            "mar mars march marz maerz marzo mrz",
            "apr avr avril april abr abril",
            "may mai mayo mag",
            "jun juin june juni junio giu",
            "jul juil juillet july juli julio lug",
            "aug aou aout august ago agosto",
            "sep sept septembre september septiembre set",
            "oct octobre october okt oktober octubre ott",
            "nov novembre november noviembre",
            "dec decembre december dez dezember dic diciembre",
        ),
        start=1,
    )
    for name in names.split()
}
_UNACCENT = str.maketrans("àâäáéèêëîïíôöóùûüúçñ", "aaaaeeeeiiiooouuuucn")

_SYMBOLS = {"€": "EUR", "£": "GBP"}
_CODES = "|".join(sorted(EXPONENTS))
_CURRENCY_MARK = rf"€|£|\$|(?i:EUROS?)$|(?:{_CODES})$|^(?:{_CODES})"
#: A printed amount once blanks and currency marks are off.
NUMBER = r"^[(]?[+-]?(?:\d{1,3}(?:[.,'’]\d{3})+(?:[.,]\d*)?|\d+(?:[.,]\d*)?|[.,]\d+)[+-]?(?:CR|DR|C|D|H|S)?[)]?$"


def detect_date_format(values: Sequence[str]) -> tuple[str | None, float, bool]:
    """(format, share of values that are dates, whether day and month could be swapped) of a column's values.

    Day before month unless a value says otherwise; `ambiguous` is true where none does and they differ.
    """
    if not values:
        return None, 0.0, False
    parts = [match for value in values if (match := re.match(_PARTS, value))]
    iso = sum(bool(re.match(_ISO, value) or re.match(_COMPACT, value)) for value in values)
    named = sum(_named_month(value) is not None for value in values)
    total = len(values)
    if parts and len(parts) + iso + named >= 0.5 * total:
        day_first = sum(int(m[1]) > 12 >= int(m[2]) for m in parts)
        month_first = sum(int(m[2]) > 12 >= int(m[1]) for m in parts)
        possible = sum(int(m[1]) <= 31 and int(m[2]) <= 31 and min(int(m[1]), int(m[2])) <= 12 for m in parts)
        ambiguous = not day_first and not month_first and any(m[1] != m[2] for m in parts)
        return ("mdy" if month_first > day_first else "dmy"), (possible + iso + named) / total, ambiguous
    if iso + named >= 0.5 * total:
        return "iso", (iso + named) / total, False
    return _detect_digits(values)


def _detect_digits(values: Sequence[str]) -> tuple[str | None, float, bool]:
    total = len(values)
    for pattern, name in ((_EIGHT, "dmy8"), (_SIX, "dmy6")):
        matches = [match for value in values if (match := re.match(pattern, value.removeprefix(TYPED_NUMBER)))]
        days = [match for match in matches if int(match[1]) in range(1, 32) and int(match[2]) in range(1, 13)]
        swapped = [match for match in matches if int(match[2]) in range(1, 32) and int(match[1]) in range(1, 13)]
        plausible = name == "dmy6" or all(1990 <= int(match[3]) <= 2100 for match in matches)
        if matches and plausible and len(days) >= 0.8 * total:
            return name, len(days) / total, False
        if name == "dmy8" and matches and plausible and len(swapped) >= 0.8 * total:
            return "mdy8", len(swapped) / total, False
    serial = sum(bool(re.match(_SERIAL, value)) for value in values)
    return ("serial", serial / total, False) if serial >= 0.8 * total else (None, 0.0, False)


def _named_month(value: str) -> int | None:
    match = re.match(_NAMED, value)
    return _MONTHS.get(match[2].lower().translate(_UNACCENT)) if match else None


def read_dates(text: pl.Series, date_format: str) -> pl.Series:
    """pl.Date of a column of text in a decided format; ISO, compact and typed dates are read in any; null: no date."""
    order = {"mdy": (3, 1, 2), "mdy8": (3, 1, 2)}.get(date_format, (3, 2, 1))
    plain = pl.col("text").str.strip_prefix(TYPED_NUMBER)
    iso, parts = _ymd(plain, _ISO, (1, 2, 3)), _ymd(plain, _PARTS, order)
    ways = [iso, parts] if date_format == "iso" else [parts, iso]
    if date_format in ("dmy8", "mdy8"):
        ways.insert(0, _ymd(plain, _EIGHT, order))
    ways += [_ymd(plain, _COMPACT, (1, 2, 3)), _with_month_name(plain), _of_serial(date_format != "serial")]
    if date_format == "dmy6":
        ways.insert(0, _ymd(plain, _SIX, order))
    frame = text.rename("text").to_frame().with_row_index("row")
    found = []
    # Nearly every cell is of the column's own format: the others are tried only on what it leaves.
    for way in ways:
        read = frame.with_columns(day=way.cast(pl.Date))
        found.append(read.filter(pl.col("day").is_not_null()))
        frame = read.filter(pl.col("day").is_null() & pl.col("text").is_not_null()).drop("day")
        if not frame.height:
            break
    rows = pl.select(row=pl.int_range(text.len(), dtype=pl.UInt32))
    return rows.join(pl.concat(found), on="row", how="left", maintain_order="left")["day"]


def _of_serial(typed: bool) -> pl.Expr:
    """Excel's count of days; in a column of dates only a cell that was a number may be one."""
    pattern = r"^\x01([2-6]\d{4})(?:\.\d+)?$" if typed else _SERIAL
    days = pl.col("text").str.extract(pattern).cast(pl.Int64, strict=False)
    return pl.lit(_EXCEL_EPOCH) + pl.duration(days=days)


def _ymd(text: pl.Expr, pattern: str, order: tuple[int, int, int]) -> pl.Expr:
    year, month, day = (text.str.extract(pattern, group) for group in order)
    return _day(year, month, day)


def _with_month_name(text: pl.Expr) -> pl.Expr:
    name = text.str.extract(_NAMED, 2).str.to_lowercase().str.normalize("NFD").str.replace_all(r"\p{M}", "")
    month = name.replace_strict(_MONTHS, default=None, return_dtype=pl.Int64).cast(pl.String)
    return _day(text.str.extract(_NAMED, 3), month, text.str.extract(_NAMED, 1))


def _day(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    # Two digits of a year are of this century: no receivable is older.
    full = pl.when(year.str.len_bytes() == 2).then(pl.concat_str([pl.lit("20"), year])).otherwise(year)
    iso = pl.concat_str([full, month.str.zfill(2), day.str.zfill(2)], separator="-")
    return iso.str.to_date("%Y-%m-%d", strict=False)


def excel_serial(day: date) -> int:
    """The number Excel keeps for a day."""
    return (day - _EXCEL_EPOCH) // timedelta(days=1)


def bare_number(value: str) -> str:
    """A printed amount without blanks and currency marks, upper case."""
    return re.sub(_CURRENCY_MARK, "", re.sub(r"[\s\u00a0\u202f]+", "", value.upper()))


def is_number(value: str) -> bool:
    """Whether a cell is a printed amount."""
    if value.startswith(TYPED_NUMBER):
        return True
    bare = bare_number(value)
    return bool(re.search(r"\d", bare)) and len(bare) <= 30 and bool(re.match(NUMBER, bare))


def detect_decimal(values: Sequence[str]) -> str | None:
    """The decimal mark of a column's text cells; None where no cell tells."""
    votes = {",": 0, ".": 0}
    for value in values:
        if value.startswith(TYPED_NUMBER):
            continue
        bare = bare_number(value)
        comma, point = bare.rfind(","), bare.rfind(".")
        if comma >= 0 and point >= 0:
            votes["," if comma > point else "."] += 3
        elif comma >= 0 or point >= 0:
            mark = "," if comma >= 0 else "."
            tail = re.search(rf"[{mark}](\d*)\D*$", bare)
            if bare.count(mark) > 1:
                votes["." if mark == "," else ","] += 2
            elif tail and len(tail[1]) != 3:
                votes[mark] += 2
    if votes[","] == votes["."]:
        return None
    return max(votes, key=lambda mark: votes[mark])


def currency_of_symbols(values: Sequence[str]) -> set[str]:
    """The currencies that signs in the cells name: € and £ say it, `$` is returned as it stands."""
    found = {code for value in values for sign, code in _SYMBOLS.items() if sign in value}
    return found | ({"$"} if any("$" in value for value in values) else set())


def amount_exprs(text: pl.Expr, decimal: str) -> pl.Expr:
    """A plain signed number as text (`-1234.56`) of a column of printed amounts; null where it is none.

    Blanks and the other mark are thousands separators; a minus may trail, brackets mean minus, `D`, `DR` and `S` behind
    the number mean debit (minus), `C`, `CR` and `H` credit.
    """
    typed = text.str.starts_with(TYPED_NUMBER)
    other = "." if decimal == "," else ","
    bare = (
        text.str.strip_prefix(TYPED_NUMBER)
        .str.replace_all(r"[\s\x{00A0}\x{202F}'’]", "")
        .str.replace_all(_CURRENCY_MARK, "")
        .str.to_uppercase()
    )
    minus = bare.str.contains(r"^\(.*\)$") ^ bare.str.contains(r"-") ^ bare.str.contains(r"\d(D|DR|S)$")
    digits = bare.str.replace_all(r"[^0-9.,]", "")
    printed = digits.str.replace_all(other, "", literal=True).str.replace_all(decimal, ".", literal=True)
    plain = pl.when(typed).then(digits).otherwise(printed)
    good = bare.str.contains(NUMBER) & plain.str.contains(r"^\d*\.?\d*$") & plain.str.contains(r"\d")
    return pl.when(good).then(pl.when(minus).then(pl.lit("-") + plain).otherwise(plain))


def minor_expr(number: pl.Expr, currency: pl.Expr, scales: Sequence[int]) -> pl.Expr:
    """Int64 minor units of plain numbers; null where finer than the currency or no number.

    `scales`: the exponents that occur among the currencies.
    """
    scale = exponent_expr(currency)
    return pl.coalesce([pl.when(scale == n).then(decimal_text_to_minor(number, n)) for n in scales])


def rounded_minor_expr(number: pl.Expr, currency: pl.Expr, scales: Sequence[int]) -> pl.Expr:
    """The same, halves to even, for computed cells that are finer than the currency."""
    scale = exponent_expr(currency)
    value = number.cast(pl.Decimal(38, 9), strict=False)
    ways = [
        pl.when(scale == n).then(
            (value * 10**n).cast(pl.Float64).round(0, mode="half_to_even").cast(pl.Int64, strict=False)
        )
        for n in scales
    ]
    return pl.coalesce(ways)
