"""Reference rates with the day each took effect: the ECB's main refinancing rate and the French legal rates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import polars as pl

from encours.core.base.days import half_year_start
from encours.core.base.issue import CallError

Kind = Literal["mro", "legal_business", "legal_individual"]
KINDS: tuple[Kind, ...] = ("mro", "legal_business", "legal_individual")

#: Columns of a frame of rates: `rate_bp` in basis points (4.25 % is 425), in force from `on` until the next row.
RATE_SCHEMA: dict[str, pl.DataType] = {"kind": pl.String(), "on": pl.Date(), "rate_bp": pl.Int64()}

# Main refinancing operations, fixed rate, by the day it took effect (ECB, key interest rates).
_MRO = """
2016-03-16 0.00  2022-07-27 0.50  2022-09-14 1.25  2022-11-02 2.00  2022-12-21 2.50  2023-02-08 3.00
2023-03-22 3.50  2023-05-10 3.75  2023-06-21 4.00  2023-08-02 4.25  2023-09-20 4.50  2024-06-12 4.25
2024-09-18 3.65  2024-10-23 3.40  2024-12-18 3.15  2025-02-05 2.90  2025-03-12 2.65  2025-04-23 2.40
2025-06-11 2.15
"""
# Legal rate by half-year (arrêtés, C. mon. fin. L313-2): professional creditors, then natural persons.
_LEGAL = """
2019-01-01 0.86 3.40  2019-07-01 0.87 3.26  2020-01-01 0.87 3.15  2020-07-01 0.84 3.11  2021-01-01 0.79 3.14
2021-07-01 0.76 3.12  2022-01-01 0.76 3.13  2022-07-01 0.77 3.15  2023-01-01 2.06 4.47  2023-07-01 4.22 6.82
2024-01-01 5.07 8.01  2024-07-01 4.92 8.16  2025-01-01 3.71 7.21  2025-07-01 2.76 6.65  2026-01-01 2.62 6.67
"""
#: The last day on which the shipped main refinancing rate was known to stand.
_MRO_KNOWN_UNTIL = date(2026, 2, 5)


def _bp(text: str) -> int:
    return int(Decimal(text) * 100)


def _shipped() -> list[tuple[str, date, int]]:
    mro, legal = _MRO.split(), _LEGAL.split()
    rows: list[tuple[str, date, int]] = [
        ("mro", date.fromisoformat(on), _bp(rate)) for on, rate in zip(mro[::2], mro[1::2], strict=True)
    ]
    for on, business, person in zip(legal[::3], legal[1::3], legal[2::3], strict=True):
        rows.append(("legal_business", date.fromisoformat(on), _bp(business)))
        rows.append(("legal_individual", date.fromisoformat(on), _bp(person)))
    return rows


@dataclass(frozen=True)
class Rate:
    """A rate that was looked up: basis points, the day of its row, and whether that row is known to cover the day."""

    bp: int
    since: date
    sure: bool


@dataclass(frozen=True)
class Rates:
    """Rates by kind, each in order of the day it took effect."""

    rows: tuple[tuple[str, date, int], ...]
    mro_known_until: date

    @classmethod
    def shipped(cls) -> Rates:
        """The rates this version knows: main refinancing to 5 February 2026, legal to the first half of 2026."""
        return cls(tuple(sorted(_shipped())), _MRO_KNOWN_UNTIL)

    def with_rows(self, frame: pl.DataFrame) -> Rates:
        """These rates with a user's rows (RATE_SCHEMA); a row of the same kind and day wins over the shipped one.

        Raises CallError listing absent columns, unknown kinds and empty or negative values.
        """
        if absent := [name for name in RATE_SCHEMA if name not in frame.columns]:
            raise CallError([f"rates: column {name} is absent" for name in absent])
        faults = []
        added: dict[tuple[str, date], int] = {}
        for kind, on, bp in frame.select(list(RATE_SCHEMA)).iter_rows():
            if kind not in KINDS:
                faults.append(f"rates: {kind!r} is not one of {', '.join(KINDS)}")
            elif on is None or bp is None:
                faults.append(f"rates: a row of {kind} has no day or no rate")
            else:
                added[kind, on] = bp
        if faults:
            raise CallError(faults)
        known = max([self.mro_known_until, *(on for kind, on in added if kind == "mro")])
        merged = {(kind, on): bp for kind, on, bp in self.rows} | added
        return Rates(tuple(sorted((kind, on, bp) for (kind, on), bp in merged.items())), known)

    def frame(self) -> pl.DataFrame:
        """All rows as a frame in RATE_SCHEMA."""
        return pl.DataFrame(list(self.rows), schema=RATE_SCHEMA, orient="row")

    def on(self, kind: Kind, day: date) -> Rate | None:
        """The rate in force on a day; None before the first row.

        A legal rate is sure within its own half-year, the main refinancing rate until the last day it was known to
        stand: later days carry the last rate on, unsure.
        """
        found = [(on, bp) for name, on, bp in self.rows if name == kind and on <= day]
        if not found:
            return None
        since, bp = found[-1]
        sure = day <= self.mro_known_until if kind == "mro" else half_year_start(day) <= since
        return Rate(bp, since, sure)

    def half_year(self, kind: Kind, day: date) -> Rate | None:
        """The rate of the day's half-year: that in force on 1 January or 1 July (C. com. L441-10 II)."""
        return self.on(kind, half_year_start(day))


def half_years(first: date, last: date) -> Iterable[tuple[date, date]]:
    """The parts (from, to, both included) of [first, last] by half-year."""
    while first <= last:
        start = half_year_start(first)
        following = date(start.year, 7, 1) if start.month == 1 else date(start.year + 1, 1, 1)
        end = min(last, date.fromordinal(following.toordinal() - 1))
        yield first, end
        first = date.fromordinal(end.toordinal() + 1)
