"""Numbers and dates as the reader's country writes them. Fast: a table writes thousands."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import get_decimal_symbol, get_group_symbol
from django.utils.translation import get_language

from encours.core.base.money import EXPONENTS
from encours.usecases.clock import ZONE

MINUS = "\u2212"


@lru_cache(maxsize=8)
def locale(language: str | None = None) -> Locale:
    """The babel locale of a language code; English is that of Europe (day before month)."""
    code = language or get_language() or "fr"
    return Locale.parse("en_GB" if code.startswith("en") else code.replace("-", "_"))


@lru_cache(maxsize=8)
def symbols(language: str) -> tuple[str, str]:
    """Decimal and group signs of a language."""
    where = locale(language)
    return get_decimal_symbol(where), get_group_symbol(where)


def money(minor: int | None, currency: str = "EUR", *, cents: bool = True) -> str:
    """Minor units as a number without its currency: `1 234,56`; `cents=False` rounds to whole units."""
    if minor is None:
        return "—"
    decimal, group = symbols(get_language() or "fr")
    scale = EXPONENTS.get(currency, 2)
    sign, size = (MINUS, -minor) if minor < 0 else ("", minor)
    if not cents:
        size, scale = (size + 10**scale // 2) // 10**scale, 0
    whole, part = divmod(size, 10**scale)
    text = f"{whole:,}".replace(",", group)
    return f"{sign}{text}{decimal}{part:0{scale}d}" if scale else f"{sign if size else ''}{text}"


def about(minor: int | None, currency: str = "EUR") -> str:
    """A round amount with its currency: `48 k€`, `1,2 M€`, `950 €`."""
    if minor is None:
        return "—"
    whole = minor / 10 ** EXPONENTS.get(currency, 2)
    sign = {"EUR": "€", "GBP": "£", "USD": "$"}.get(currency, f"\u202f{currency}")
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if abs(whole) >= 0.9995 * size:
            scaled = whole / size
            return f"{number(scaled, 0 if abs(scaled) >= 10 else 1)}\u202f{letter}{sign}"
    return f"{number(whole)}\u202f{sign.strip()}"


def number(value: float | None, decimals: int = 0) -> str:
    """A plain number; an unknown one is a dash."""
    if value is None:
        return "—"
    decimal, group = symbols(get_language() or "fr")
    text = f"{abs(value):,.{decimals}f}".replace(",", "\0").replace(".", decimal).replace("\0", group)
    return f"{MINUS if value < 0 and float(f'{value:.{decimals}f}') else ''}{text}"


def percent(share: float | None, decimals: int = 1) -> str:
    """A share as per cent, with the space the language wants."""
    if share is None:
        return "—"
    return number(share * 100, decimals) + ("%" if (get_language() or "fr").startswith("en") else "\u202f%")


def day(value: date | datetime | None, style: str = "short") -> str:
    """A civil date: short `21/11/2026`, medium, or long."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = value.astimezone(ZONE).date()
    return _day(value, style, get_language() or "fr")


@lru_cache(maxsize=4096)
def _day(value: date, style: str, language: str) -> str:
    pattern = {"short": "dd/MM/yyyy", "month": "LLL yyyy"}.get(style, style)
    return str(format_date(value, pattern, locale=locale(language)))


def moment(value: datetime | None) -> str:
    """A stamp, in the entities' time zone."""
    if value is None:
        return "—"
    zone: ZoneInfo = ZONE
    return str(format_datetime(value, "dd/MM/yyyy HH:mm", tzinfo=zone, locale=locale(get_language())))


def language(code: str) -> str:
    """The name of a language in the reader's own; an unknown code stays itself."""
    name = str(locale(get_language()).languages.get(code, code))
    return name[:1].upper() + name[1:]


def country(code: str | None) -> str:
    """The name of a country in the reader's language; an unknown code stays itself."""
    return str(locale(get_language()).territories.get((code or "").upper(), code or "—"))
