"""What a letter says in its customer's language: words and ready texts by language, amounts and dates as written there.

A language is one TOML file in `words/`, or a `Spoken` one with words that a user wrote; one without is said in English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import get_decimal_symbol, get_group_symbol

from encours.core.base.money import EXPONENTS

MINUS = "\u2212"
_NAME = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


class Spoken(str):
    """A language that a user added: its code, and its words as a file of `words/` has them. `draft`: for a preview, in
    which English words may stand."""

    words: Mapping[str, Any]
    draft: bool

    def __new__(cls, code: str, words: Mapping[str, Any], *, draft: bool = False) -> Spoken:
        """The code as a text that knows its words."""
        made = super().__new__(cls, code)
        made.words, made.draft = words, draft
        return made


def languages() -> list[str]:
    """Languages that have words of their own."""
    folder = resources.files("encours.usecases.letters").joinpath("words")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def language_of(code: str | None, country: str | None = None) -> str:
    """The language to write in: the customer's, else that of the country, with a babel locale behind it."""
    if isinstance(code, Spoken):
        return code
    text = (code or ("fr" if (country or "FR").upper() in {"FR", "MC", "LU", "BE"} else "en")).lower().replace("_", "-")
    try:
        Locale.parse(text.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return "en"
    return text.split("-", 1)[0]


def words(language: str) -> Mapping[str, Any]:
    """What a language says: a user's own words, else its file, else the English one."""
    return language.words if isinstance(language, Spoken) else _file(language)


@lru_cache(maxsize=16)
def _file(language: str) -> Mapping[str, Any]:
    file = resources.files("encours.usecases.letters").joinpath("words", f"{language.split('-')[0]}.toml")
    if not file.is_file():
        file = resources.files("encours.usecases.letters").joinpath("words", "en.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def word(language: str, key: str, **values: object) -> str:
    """One word or phrase; `{{ name }}` takes a value."""
    return filled(str(words(language)["words"][key]), values)


def filled(text: str, values: Mapping[str, object]) -> str:
    """The text with its `{{ name }}` replaced; an unknown name stays, so that it is seen and not lost."""
    return _NAME.sub(lambda found: str(values.get(found[1], found[0])), text)


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    return Locale.parse("en_GB" if language.startswith("en") else language.replace("-", "_"))


@lru_cache(maxsize=16)
def _symbols(language: str) -> tuple[str, str]:
    return get_decimal_symbol(_locale(language)), get_group_symbol(_locale(language))


def money(minor: int, currency: str, language: str, *, code: bool = False) -> str:
    """Minor units as a number, with the currency behind it on wish: `1 234,56 €`."""
    decimal, group = _symbols(language)
    scale = EXPONENTS.get(currency, 2)
    whole, part = divmod(abs(minor), 10**scale)
    text = f"{whole:,}".replace(",", group) + (f"{decimal}{part:0{scale}d}" if scale else "")
    sign = MINUS if minor < 0 else ""
    return f"{sign}{text}\u00a0{'€' if currency == 'EUR' else currency}" if code else f"{sign}{text}"


def cents(value: Decimal, currency: str, language: str) -> str:
    """Minor units that are not whole, rounded to the unit for reading."""
    return money(int(value.quantize(Decimal(1), ROUND_HALF_UP)), currency, language)


def percent(basis_points: int, language: str) -> str:
    """A yearly rate: `12,15 %`."""
    text = f"{basis_points / 100:.2f}".replace(".", _symbols(language)[0])
    return f"{text}%" if language.startswith("en") else f"{text}\u00a0%"


@lru_cache(maxsize=4096)
def day(value: date, language: str, style: str = "short") -> str:
    """A civil date, short `21/11/2026` or long."""
    pattern = "dd/MM/yyyy" if style == "short" else style
    return str(format_date(value, pattern, locale=_locale(language)))


def country(code: str | None, language: str) -> str:
    """A country's name, as it stands last on an address."""
    return str(_locale(language).territories.get((code or "").upper(), code or ""))
