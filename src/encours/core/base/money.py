"""Money as integer minor units of its own currency, with the ISO 4217 exponents."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import polars as pl

_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF"
    " CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD"
    " HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK"
    " MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB"
    " SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD"
    " USN UYU UZS VED VES WST XCD YER ZAR ZMW ZWG ZWL"
)

#: ISO 4217 code -> number of decimals of the minor unit.
EXPONENTS: dict[str, int] = {
    code: exponent for exponent, codes in ((0, _ZERO), (2, _TWO), (3, _THREE), (4, _FOUR)) for code in codes.split()
}


class AmountError(ValueError):
    """A text is not an amount, or is finer than the currency's minor unit."""


class UnknownCurrencyError(ValueError):
    """A code is not an ISO 4217 currency."""


def is_currency(code: str | None) -> bool:
    """Whether `code` is an ISO 4217 currency."""
    return code in EXPONENTS


def exponent(currency: str) -> int:
    """Decimals of the minor unit: EUR 2, JPY 0, BHD 3. Raises UnknownCurrencyError."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrencyError(f"{currency!r} is not an ISO 4217 currency code") from None


_BLANKS = re.compile(r"[\s'’]+")  # \s takes the no-break and the narrow no-break space too


def parse_decimal(text: str) -> Decimal:
    """A printed number as a Decimal: `1 234,56`, `1.234,56`, `1,234.56`, `12-`, `(12)`, `+3`.

    With a single separator followed by exactly three digits (`1.234`) the separator is read as decimal
    point; callers that know the file's convention pass an unambiguous text. Raises AmountError.
    """
    raw = _BLANKS.sub("", text.strip())
    negative = raw.startswith("(") and raw.endswith(")")
    raw = raw.strip("()")
    if raw.endswith(("-", "+")):
        raw = raw[-1] + raw[:-1]
    raw = _plain_number(raw)
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", raw, re.ASCII):
        raise AmountError(f"{text!r} is not an amount")
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise AmountError(f"{text!r} is not an amount") from None
    return -value if negative else value


_GROUPED = re.compile(r"[+-]?\d{1,3}([.,])\d{2,3}(\1\d{2,3})*", re.ASCII)


def _plain_number(raw: str) -> str:
    """The number with `.` as decimal mark and no thousands marks; what is grouped like no number comes back as it is.

    The mark that comes last is the decimal mark, unless it stands more than once. `12,5,` must not become 125.
    """
    comma, point = raw.count(","), raw.count(".")
    decimal = "," if raw.rfind(",") > raw.rfind(".") else "."
    if comma + point <= 1:
        return raw.replace(",", ".")
    if raw.count(decimal) > 1:
        whole, cents = raw, ""
    else:
        whole, _, cents = raw.rpartition(decimal)
    last = re.split("[.,]", whole)[-1]
    if not _GROUPED.fullmatch(whole) or len(last) != 3 or (cents and whole.count(decimal)):
        return raw
    digits = re.sub("[.,]", "", whole)
    return f"{digits}.{cents}" if cents else digits


def to_minor(value: Decimal | str, currency: str) -> int:
    """Exact minor units of a decimal amount. Raises AmountError where it is finer than the currency allows.

    Trailing zeros are no finer: `5442.09000` EUR is 544209.
    """
    amount = parse_decimal(value) if isinstance(value, str) else value
    scaled = amount.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise AmountError(f"{value} is finer than the smallest unit of {currency}")
    minor = int(scaled)
    if not -(2**63) <= minor < 2**63:
        raise AmountError(f"{value} {currency} is too large")
    return minor


def to_decimal(minor: int, currency: str) -> Decimal:
    """The decimal amount of minor units, with exactly the currency's decimals."""
    return Decimal(minor).scaleb(-exponent(currency))


def round_half_even(value: Decimal) -> int:
    """The nearest whole minor unit, halves to even: the one rounding of computed money."""
    return int(value.to_integral_value(rounding=ROUND_HALF_EVEN))


def exponent_expr(currency: pl.Expr) -> pl.Expr:
    """Int64 exponent of a currency column; null where the code is unknown."""
    return currency.replace_strict(EXPONENTS, default=None, return_dtype=pl.Int64)


def money_text(minor: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Minor units as people read them, with the currency's own decimals and its code: -1234.50 EUR, 500 JPY.

    An unknown code is printed with two decimals.
    """
    decimals = exponent_expr(currency).fill_null(2)
    unit = decimals.replace_strict({n: 10**n for n in (0, 2, 3, 4)}, default=100, return_dtype=pl.Int64)
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    rest = (minor.abs() % unit).cast(pl.String)
    # An expression can be padded to one width alone: the longest, then cut to the currency's.
    cents = pl.concat_str(pl.lit("."), rest.str.zfill(4).str.tail(decimals))
    shown = pl.when(decimals > 0).then(cents).otherwise(pl.lit(""))
    return pl.concat_str(sign, (minor.abs() // unit).cast(pl.String), shown, pl.lit(" "), currency.fill_null("?"))


def decimal_text_to_minor(text: pl.Expr, scale: int) -> pl.Expr:
    """Int64 minor units of a column of plain numbers with `.` or `,` as decimal mark; null where not exact.

    Takes blanks inside and a sign before or after; no thousands separator other than a blank.
    """
    clean = text.str.replace_all(r"[\s\x{00A0}\x{202F}]", "").str.replace(",", ".", literal=True)
    parts = clean.str.extract_groups(r"^(?<lead>[+-]?)(?<whole>\d{0,18})\.?(?<cents>\d*?)0*(?<trail>[+-]?)$")
    whole, cents = parts.struct.field("whole"), parts.struct.field("cents")
    negative = (parts.struct.field("lead") == "-") | (parts.struct.field("trail") == "-")
    digits = whole + (cents.str.pad_end(scale, "0") if scale else cents)
    exact = (cents.str.len_bytes() <= scale) & ((whole.str.len_bytes() > 0) | clean.str.contains(r"\d"))
    minor = pl.when(exact).then(digits).cast(pl.Int64, strict=False)
    return pl.when(negative).then(-minor).otherwise(minor)
