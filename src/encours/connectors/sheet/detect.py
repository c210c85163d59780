"""What a sheet is: where its headings stand, which kind it is, which column is which field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import polars as pl

from encours.connectors.base.accounts import is_iban
from encours.connectors.sheet.grid import TYPED_NUMBER, Grid
from encours.connectors.sheet.kind import Field, Kind, kinds
from encours.connectors.sheet.mapping import normal_heading
from encours.connectors.sheet.values import (
    currency_of_symbols,
    detect_date_format,
    detect_decimal,
    is_number,
    read_dates,
)
from encours.core.base.money import EXPONENTS

_HEADER_WITHIN_ROWS = 40
_SAMPLE_ROWS = 300
#: Below this a heading does not mean a field.
_MEANS = 0.45
DEBIT_WORDS = frozenset(
    ["d", "db", "dr", "debit", "debits", "s", "soll", "debe", "cargo", "-", "out", "sortie", "withdrawal", "dbit"]
)
CREDIT_WORDS = frozenset(
    ["c", "cr", "credit", "credits", "h", "haben", "haber", "abono", "+", "in", "entree", "deposit", "crdt"]
)


@dataclass(frozen=True)
class ColumnFacts:
    """What the values of one column look like. Shares are of the filled cells."""

    index: int
    heading: str | None
    filled: float
    samples: tuple[str, ...]
    date_format: str | None
    date_share: float
    ambiguous_date: bool
    number_share: float
    decimal: str | None
    iban_share: float
    code_share: float
    distinct: int


@dataclass(frozen=True)
class Layout:
    """The decided shape: `header_row` counts grid rows from 0 (None: no headings)."""

    header_row: int | None
    kind: Kind | None
    columns: dict[int, tuple[str, float]]
    facts: tuple[ColumnFacts, ...]
    score: float = 0.0


def detect(grid: Grid, kind: str | None = None) -> Layout:
    """The layout of a grid; `kind` forces what it is. `Layout.kind` is None where no kind fits."""
    top = grid.top()
    header = find_header(top)
    facts = column_facts(grid, header, top)
    wanted = [kinds()[kind]] if kind is not None and kind in kinds() else list(kinds().values())
    if header is None:
        return _headless(facts, wanted)
    best = Layout(header, kinds().get(kind or ""), {}, facts)
    for candidate in wanted:
        columns = assign(candidate, facts)
        score = sum(candidate.fields[name].weight * sure for name, sure in columns.values())
        named = {name for name, _ in columns.values()}
        fits = all(named & set(group) for group in candidate.required) and not _is_other(candidate, facts)
        if fits and score > best.score:
            best = Layout(header, candidate, columns, facts, score)
        elif best.kind is candidate and not best.columns:
            best = Layout(header, candidate, columns, facts, 0.0)
    return best


def _is_other(kind: Kind, facts: Sequence[ColumnFacts]) -> bool:
    never = kind.never
    return never is not None and any(re.search(never, normal_heading(column.heading)) for column in facts)


def find_header(top: Sequence[Sequence[str | None]]) -> int | None:
    """The row whose cells are headings of fields, even below title lines; None where there is none."""
    best, best_score = None, 0.0
    for index, row in enumerate(top[:_HEADER_WITHIN_ROWS]):
        cells = [cell for cell in row if cell]
        headings = [normal_heading(cell) for cell in cells if not is_number(cell)]
        known = sum(max(0.0, _best_meaning(heading)) for heading in headings)
        values = len(cells) - len(headings) + sum(detect_date_format([cell])[0] is not None for cell in cells)
        score = known - values
        enough = len(headings) >= 2 or len(row) == 1
        if enough and known >= (0.9 if len(row) == 1 else 1.2) and score > best_score:
            best, best_score = index, score
    return best


@lru_cache(maxsize=4096)
def _best_meaning(heading: str) -> float:
    return max((meaning(field, heading) for kind in kinds().values() for field in kind.fields.values()), default=0.0)


def meaning(field: Field, heading: str) -> float:
    """How surely a normal heading means a field, 0 to 1: the words themselves, then a pattern, then words inside it."""
    if not heading:
        return 0.0
    best = field.meanings.get(heading, (0.0, 0.0))[0]
    if field.pattern and re.search(field.pattern, heading):
        best = max(best, 0.85)
    if best < 0.75 and not (field.type == "text" and _is_figure(heading)):
        for phrase in _phrases(heading):
            inside = field.meanings.get(phrase, (0.0, 0.0))[1]
            if inside:
                best = max(best, inside + 0.35 * len(phrase) / len(heading))
    return best


@lru_cache(maxsize=4096)
def _phrases(heading: str) -> tuple[str, ...]:
    """Every run of words inside a heading, itself left out."""
    words = heading.split()[:8]
    sizes = range(1, len(words))
    return tuple(" ".join(words[at : at + size]) for size in sizes for at in range(len(words) - size + 1))


def _is_figure(heading: str) -> bool:
    """Whether a heading names an amount, a date or a count of a thing rather than the thing (`total facture`)."""
    return bool(re.match(r"(total|montant|amount|date|solde|balance|nb|nombre|count|sum|somme) ", heading))


def column_facts(grid: Grid, header: int | None, top: Sequence[Sequence[str | None]]) -> tuple[ColumnFacts, ...]:
    """What each column holds below its heading."""
    body = grid.cells.slice(0 if header is None else header + 1, _SAMPLE_ROWS)
    found = []
    for index in range(grid.width):
        heading = top[header][index] if header is not None and index < len(top[header]) else None
        # A report prints its headings again on each page: they say nothing about the values.
        values = [value for value in body[f"c{index}"].drop_nulls().to_list() if value != heading]
        form, share, ambiguous = detect_date_format(values)
        total = len(values) or 1
        found.append(
            ColumnFacts(
                index,
                heading.removeprefix(TYPED_NUMBER) if heading else None,
                len(values) / (body.height or 1),
                tuple(value.removeprefix(TYPED_NUMBER) for value in values[:5]),
                form,
                share,
                ambiguous,
                sum(map(is_number, values)) / total,
                detect_decimal(values),
                sum(map(is_iban, values)) / total,
                sum(" " not in value and any(c.isdigit() for c in value) for value in values) / total,
                len(set(values)),
            )
        )
    return tuple(found)


def assign(kind: Kind, facts: Sequence[ColumnFacts]) -> dict[int, tuple[str, float]]:
    """Column -> (field, confidence), surest pairs first; a field takes one column unless it joins many."""
    pairs = []
    for column in facts:
        heading = normal_heading(column.heading)
        for name, field in kind.fields.items():
            sure = meaning(field, heading) * _fit(name, field, column, facts)
            if sure >= _MEANS:
                pairs.append((-sure, column.index, name))
    taken: dict[int, tuple[str, float]] = {}
    used: set[str] = set()
    for sure, index, name in sorted(pairs):
        if index not in taken and (name not in used or kind.fields[name].many):
            taken[index] = (name, round(min(-sure, 1.0), 3))
            used.add(name)
    return dict(sorted(taken.items()))


def _fit(name: str, field: Field, column: ColumnFacts, facts: Sequence[ColumnFacts]) -> float:
    """How well the values go with a field: 0 forbids, 1 agrees; an empty column is neither."""
    if not column.samples:
        return 0.7
    if field.type == "date":
        return 1.0 if column.date_share >= 0.6 else 0.6 if column.date_share >= 0.3 else 0.0
    if field.type == "amount":
        return 1.0 if column.number_share >= 0.7 else 0.7 if column.number_share >= 0.4 else 0.0
    if field.type == "currency":
        codes = sum(value.strip().upper() in EXPONENTS for value in column.samples)
        return 1.0 if codes >= 0.6 * len(column.samples) else 0.0
    if field.type == "sign":
        words = {normal_heading(value) or value.strip() for value in column.samples}
        return 1.0 if words <= DEBIT_WORDS | CREDIT_WORDS else 0.0
    return _fit_text(name, column, facts)


def _fit_text(name: str, column: ColumnFacts, facts: Sequence[ColumnFacts]) -> float:
    if name == "payer_account":
        return 1.0 if column.iban_share >= 0.5 or column.code_share >= 0.5 else 0.2
    if name == "account" and column.iban_share >= 0.5:
        # One account all the way down is ours; many are the customers'.
        others = any(other.iban_share >= 0.5 and other.index != column.index for other in facts)
        return 1.0 if column.distinct <= 3 or not others else 0.5
    if name == "customer_name":
        return 0.75 if column.code_share > 0.8 else 1.0
    if name == "customer_code":
        return 1.0 if column.code_share > 0.5 else 0.85
    return 1.0


def _headless(facts: tuple[ColumnFacts, ...], wanted: Sequence[Kind]) -> Layout:
    """A bank export without headings: a date, an amount, and the widest text."""
    bank = next((kind for kind in wanted if kind.name == "bank_lines"), None)
    dates = [column.index for column in facts if column.date_share >= 0.9]
    amounts = [c.index for c in facts if c.number_share >= 0.9 and c.index not in dates and c.decimal is not None]
    texts = [c.index for c in facts if c.index not in dates and c.number_share < 0.3 and c.filled > 0.5]
    if bank is None or not dates or not amounts:
        return Layout(None, None, {}, facts)
    columns = {dates[0]: ("booked_on", 0.5), amounts[0]: ("amount", 0.4)}
    columns |= dict.fromkeys(texts, ("remittance", 0.4))
    return Layout(None, bank, dict(sorted(columns.items())), facts, 1.0)


_CURRENCY_WORDS = re.compile(
    r"(?i)\b(?:devise|currency|monnaie|w[aä]hrung|moneda)\s*[:=]?\s*([A-Z]{3})\b|\(([A-Z]{3})\)|\ben (euros?)\b"
)
_AS_OF = re.compile(
    r"(?i)\b(?:au|le|arr[eê]t[eé]e? au|as (?:of|at)|situation au|stand|zum|al)\s*:?\s*"
    r"(\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{4}-\d{2}-\d{2})"
)  # fmt: skip
_IN_NAME = re.compile(
    r"(20\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?([0-2]\d|3[01])|([0-2]\d|3[01])[-_.](0[1-9]|1[0-2])[-_.](20\d{2})"
)


def currency_said(layout: Layout, titles: Sequence[str], us_dates: bool) -> str | None:
    """The currency that headings, title lines or signs in the cells name; None where nothing does.

    `$` is the dollar of the United States only where dates are month first: Canada and Australia write otherwise.
    """
    texts = [*titles, *(column.heading or "" for column in layout.facts)]
    found: set[str] = set()
    for text in texts:
        for match in _CURRENCY_WORDS.finditer(text):
            found.add("EUR" if match[3] else (match[1] or match[2]).upper())
        found |= {word for word in re.findall(r"\b[A-Z]{3}\b", text) if word in ("EUR", "USD", "GBP", "CHF")}
        found |= currency_of_symbols([text]) - {"$"}
    if not found:
        amounts = [column for column in layout.facts if column.number_share >= 0.5]
        found = currency_of_symbols([value for column in amounts for value in column.samples])
        if found == {"$"}:
            found = {"USD"} if us_dates else set()
    known = {code for code in found if code in EXPONENTS}
    return known.pop() if len(known) == 1 else None


def day_said(titles: Sequence[str], name: str) -> date | None:
    """The day a title line (`situation au 31/03/2026`) or the file's name says the sheet stands on."""
    for title in titles:
        if match := _AS_OF.search(title):
            day = read_dates(pl.Series([match[1]]), "dmy").item()
            if isinstance(day, date):
                return day
    if match := _IN_NAME.search(name):
        parts = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
        try:
            return date(*map(int, parts))
        except ValueError:
            return None
    return None


_ACCOUNT_WORDS = re.compile(
    r"(?i)^(?:n[°o]?\.? ?(?:de )?)?(?:compte|account|konto|cuenta|iban|rib|num[eé]ro de compte)\b"
)


def account_said(titles: Sequence[Sequence[str]]) -> str | None:
    """The bank account that the title rows name: an IBAN with a right check number, else the number beside `Compte`."""
    for row in titles:
        for cell in row:
            for found in re.findall(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}", cell.upper()):
                if is_iban(found):
                    return re.sub(r"\s", "", found)
    for row in titles:
        if row and _ACCOUNT_WORDS.match(row[0]):
            digits = re.search(r"[A-Z]{0,4}\d[\dA-Z ]{6,32}", " ".join(row)[len("compte") :].upper())
            if digits:
                return re.sub(r"\s", "", digits[0])
    return None
