"""How far the books reach on a day, read from the facts themselves: the last bank and ledger day, and the usual rhythm.

A source is stale when it has been silent for longer than chance explains. A statement that is missing in the middle
(its closing balance is nobody's opening balance), or a day without entries in a busy account, counts as silence from
the day before it. Of the working days since the last entry one is always silent: what
the bank books today is told tomorrow.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.book import Book
from encours.core.base.days import Calendar, bank_calendar, target
from encours.core.base.schema import TABLES, known_on_expr
from encours.core.dunning.holding import working_days_since
from encours.core.dunning.known import FRESHNESS

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

#: Working days beyond the usual rhythm that nobody worries about.
GRACE_DAYS = 1
#: The rhythm is that of so many days, of at least so many days with entries; what never had one is not waited for.
_WINDOW_DAYS, _LEAST = 120, 8
#: Silence that comes by chance less often than this is none.
_CHANCE = 0.01
#: An account that is silent for longer than this many of its rhythms is closed, not late.
_CLOSED = 10
#: On a day that usually brings so many entries, none at all means that its file is missing. It is asked for again
#: within so many working days; after that the day is taken as one without entries.
_BUSY, _HOLE_DAYS = 15.0, 10
#: Where entries come on so many of all working days, a day without any may be a file that is late; so many working days
#: it is waited for, no longer: by chance such days come, too.
_STEADY, _LATE_DAYS = 0.95, 3


def working_calendar(country: str | None) -> Calendar:
    """The days on which banks book and people pay: neither closed in TARGET nor a public holiday of the country."""
    return target().with_closed(bank_calendar(country).closed)


def silent(facts: Facts, source: str) -> pl.DataFrame:
    """entity_id, account?, last_on: what has been silent for longer than usual and GRACE_DAYS more."""
    rows = facts.known.freshness.filter(pl.col("source") == source)
    # Transfers are booked on a public holiday, too, and their file is due: a bank's silence is counted by TARGET.
    calendar = target() if source == "bank" else working_calendar(facts.known.settings.country)
    late = working_days_since(pl.col("last_on"), facts.as_of, calendar) > pl.col("every_days") + GRACE_DAYS
    return rows.filter(late).group_by("entity_id", "account").agg(pl.col("last_on").min())


def freshness(book: Book, as_of: date) -> pl.DataFrame:
    """known.FRESHNESS of a Book with all its versions, as known at the end of `as_of`: a row a bank account, and one
    an entity's ledger. `every_days`: working days that may pass between entries."""
    countries = dict(book.entities.select("entity_id", "country").iter_rows())
    found = []
    known = (pl.col("told") <= as_of) & (pl.col("day") <= as_of)
    moved = _bank(book).filter(known)
    entries = moved.filter("entry")
    for source, rows in (("bank", moved), ("ledger", _ledger(book).filter(known))):
        for (entity_id, account), days in rows.group_by("entity_id", "account", maintain_order=True):
            calendar = working_calendar(countries.get(entity_id))
            stated = _stated(book, account, as_of) if source == "bank" else None
            one = _rhythm(days["day"], stated, as_of, calendar)
            rests = source == "ledger" and one is not None and _rests(entries.filter(entity_id=entity_id), *one)
            if one is not None and not rests:
                found.append((entity_id, source, *one, account or None))
    return pl.DataFrame(found, schema=FRESHNESS, orient="row").sort("entity_id", "source", "account")


def _bank(book: Book) -> pl.DataFrame:
    """entity_id, account, day, told, entry: every entry of our accounts, and every day that a statement ends on."""
    bank = book.receipts.filter(pl.col("origin") == "bank").select(
        "entity_id", "account", day="booked_on", told=known_on_expr(TABLES["receipts"]), entry=pl.lit(True)
    )
    owner = bank.select("entity_id", "account").unique("account", keep="first", maintain_order=True)
    told = pl.coalesce("known_on", "to_on", "from_on")
    stated = book.statements.join(owner, on="account", how="inner").select(
        "entity_id", "account", day=pl.coalesce("to_on", "from_on"), told=told, entry=pl.lit(False)
    )
    return pl.concat([bank, stated]).drop_nulls("day")


def _ledger(book: Book) -> pl.DataFrame:
    """entity_id, account (empty), day, told: everything that the ledger brings: items, letters, its own receipts."""
    owners = book.items.select("item_id", "entity_id").unique("item_id", keep="last", maintain_order=True)
    letters = book.allocations.join(owners, on="item_id", how="inner")
    parts = [
        (book.items, "items", pl.coalesce("posted_on", "issued_on")),
        (letters, "allocations", pl.col("allocated_on")),
        (book.receipts.filter(pl.col("origin") == "ledger"), "receipts", pl.col("booked_on")),
    ]
    return pl.concat(
        frame.select("entity_id", account=pl.lit(""), day=day, told=known_on_expr(TABLES[table]))
        for frame, table, day in parts
    ).drop_nulls("day")


def _rests(moved: pl.DataFrame, last_on: date, every: int) -> bool:
    """Whether a silent ledger is that of a company at rest: the bank has hardly moved since, either."""
    return moved.height > 0 and moved.filter(pl.col("day") > last_on)["day"].n_unique() <= every + GRACE_DAYS


def _stated(book: Book, account: str, as_of: date) -> pl.DataFrame:
    """day, opening, closing, told: the statements of an account that were known and are not older than the window."""
    last = pl.coalesce("to_on", "from_on")
    rows = book.statements.filter(
        (pl.col("account") == account)
        & (last > as_of - timedelta(days=_WINDOW_DAYS))
        & (last <= as_of)
        & (pl.coalesce("known_on", "to_on", "from_on") <= as_of)
    )
    return rows.select("opening", "closing", day=last, begins=pl.coalesce("from_on", "to_on")).sort("day", "begins")


def _rhythm(days: pl.Series, stated: pl.DataFrame | None, as_of: date, calendar: Calendar) -> tuple[date, int] | None:
    """The last day of an account and its rhythm; None where there are too few entries or it was closed.

    Entries come by chance, so many a working day: the rhythm is the longest silence that chance, or the account's own
    past, explains. Where there is a statement for each day or so, they are the rhythm.
    """
    recent = days.filter(days > as_of - timedelta(days=_WINDOW_DAYS))
    seen = recent.unique().sort().to_list()
    if len(seen) < _LEAST:
        return None
    told = [] if stated is None else stated["day"].unique().sort().to_list()
    daily = len(told) >= _LEAST and len(told) >= len(seen) / 2
    last_on: date = told[-1] if daily else seen[-1]
    every, hole = _by_statements(told, stated, calendar) if daily and stated is not None else _by_entries(
        recent, seen, calendar, stated is not None
    )  # fmt: skip
    if calendar.between(last_on, as_of) > _CLOSED * (every + 1):
        return None
    return (last_on if hole is None else min(last_on, hole - timedelta(days=1))), every


def _by_statements(told: list[date], stated: pl.DataFrame, calendar: Calendar) -> tuple[int, date | None]:
    """The usual working days between two statements, and the day after which one is missing."""
    gaps = sorted(calendar.between(one, other) for one, other in pairwise(told))
    every = max(1, gaps[len(gaps) // 2])
    since = calendar.add(told[-1], -_HOLE_DAYS)
    rows = list(stated.select("begins", "opening", "closing").iter_rows())
    for turn, (day, opening, _) in enumerate(rows):
        before = [one for one in told if one < day]
        if not before or day <= since or opening is None:
            continue
        # A balance is carried over from another statement: one without entries closes as it opens, and would vouch
        # for itself.
        if not any(closing == opening for at, (on, _, closing) in enumerate(rows) if at != turn and on <= day):
            return every, before[-1] + timedelta(days=1)
    return every, None


def _by_entries(recent: pl.Series, seen: list[date], calendar: Calendar, lost: bool) -> tuple[int, date | None]:
    """The silence that chance explains, and where files can get `lost` a day without entries in a busy account, or for
    a short while in a steady one."""
    worked = max(1, calendar.between(seen[0] - timedelta(days=1), seen[-1]))
    rate, steady = len(recent) / worked, len(seen) / worked >= _STEADY
    busy = rate >= _BUSY
    longest = 1 if busy else max(calendar.between(one, other) for one, other in pairwise(seen))
    every = max(1, math.ceil(-math.log(_CHANCE) / rate) - 1, longest - 1)
    far = _HOLE_DAYS if busy else _LATE_DAYS
    return every, _hole(set(seen), seen[-1], calendar, far) if (busy or steady) and lost else None


def _hole(seen: set[date], last_on: date, calendar: Calendar, far: int) -> date | None:
    """The first of one or two working days without any entry within the last `far` before `last_on`; a longer silence
    is a company at rest, no lost file."""
    day, first = calendar.add(last_on, -far), min(seen)
    while day < last_on:
        if calendar.is_working(day) and day > first and day not in seen:
            before, after = calendar.add(day, -1), calendar.add(day, 1)
            ends = after in seen or calendar.add(day, 2) in seen
            if before in seen and ends:
                return day
        day += timedelta(days=1)
    return None
