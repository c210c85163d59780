"""Payment terms: due dates by hand and by the table, one by one and over a frame, and the words people type."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.base.days import Calendar
from encours.core.base.issue import CallError
from encours.core.terms import Term, TermError, due_dates, parse_term
from encours.core.terms.notation import write_term
from encours.core.terms.term import (
    AddDays,
    AddMonths,
    Discount,
    EndOfDecade,
    EndOfMonth,
    FixedDay,
    Instalment,
    due_on_expr,
)

# Handbook 1.1: invoice | 60 net | 45 EOM-A | 45 EOM-B | 30 then EOM | EOM then +30
TABLE = [
    ("2026-01-15", "2026-03-16", "2026-03-31", "2026-03-17", "2026-02-28", "2026-03-02"),
    ("2026-03-10", "2026-05-09", "2026-04-30", "2026-05-15", "2026-04-30", "2026-04-30"),
    ("2026-10-22", "2026-12-21", "2026-12-31", "2026-12-15", "2026-11-30", "2026-11-30"),
]
TEXTS = ("60 nets", "45 jours fin de mois", "fin de mois + 45 jours", "30 fdm", "EOM + 30")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_the_table_of_due_dates(row: tuple[str, ...]) -> None:
    issued_on, *expected = (date.fromisoformat(text) for text in row)
    assert [parse_term(text).due_on(issued_on) for text in TEXTS] == expected


@pytest.mark.parametrize("text", ["45 jours fin de mois", "fin de mois 45 jours"])
def test_both_methods_range_from_45_to_75_days_and_average_59_7_over_2026(text: str) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    delays = [(parse_term(text).due_on(day) - day).days for day in days]
    assert (min(delays), max(delays)) == (45, 75)
    assert round(sum(delays) / 365, 1) == 59.7


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("45 days end of month", Term.of(AddDays(45), EndOfMonth())),
        ("45 fin de mois", Term.of(AddDays(45), EndOfMonth())),
        ("45 JOURS F.D.M.", Term.of(AddDays(45), EndOfMonth())),
        ("EOM + 45", Term.of(EndOfMonth(), AddDays(45))),
        ("30 fdm le 10", Term.of(AddDays(30), EndOfMonth(), FixedDay((10,)))),
        ("30 jours le 10 du mois suivant", Term.of(AddDays(30), EndOfMonth(), FixedDay((10,)))),
        ("30 jours fin de mois les 10 et 25", Term.of(AddDays(30), EndOfMonth(), FixedDay((10, 25)))),
        ("30 jours fin de décade", Term.of(AddDays(30), EndOfDecade())),
        ("à réception de facture", Term.of()),
        ("comptant", Term.of()),
        ("net 0", Term.of()),
        ("3 mois", Term.of(AddMonths(3))),
        ("30 jours réception des marchandises", Term.of(AddDays(30), base="delivery")),
        ("60 days, next working day", Term.of(AddDays(60), holiday="next")),
        ("2/10 net 30", Term((Instalment(steps=(AddDays(30),)),), discount=Discount(Decimal(2), 10))),
        (
            "30% à la commande, solde 30 jours",
            Term((Instalment(Decimal(30), "order"), Instalment(Decimal(70), "invoice", (AddDays(30),)))),
        ),
        (
            "acompte de 30 % à la commande, 40 % à la livraison et solde à 45 jours fin de mois",
            Term(
                (
                    Instalment(Decimal(30), "order"),
                    Instalment(Decimal(40), "delivery"),
                    Instalment(Decimal(30), "invoice", (AddDays(45), EndOfMonth())),
                )
            ),
        ),
    ],
)
def test_words_people_type(text: str, term: Term) -> None:
    assert parse_term(text) == term


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no payment term"),
        (",", "names no day"),
        ("quand il veut", "'quand il veut' is not understood"),
        ("30 jours fin de semaine", "'fin de semaine' is not understood"),
        ("30% à la commande", "sum to 30 %"),
        ("60% à la commande, 60% 30 jours", "sum to 120 %"),
        ("30 jours le 45", "45 is not a day of the month"),
        ("hello 50% 30 jours, solde 60 jours", "'hello' stands before the first share"),
    ],
)
def test_words_that_are_no_term_are_said(text: str, said: str) -> None:
    with pytest.raises(TermError, match=said):
        parse_term(text)


def test_a_term_is_checked_when_made() -> None:
    with pytest.raises(CallError, match=r"sum to 120 %.*-20 % is not a share"):
        Term((Instalment(Decimal(140)), Instalment(Decimal(-20))))
    with pytest.raises(CallError, match="nothing is not a day"):
        Term.of(FixedDay(()))


steps = st.one_of(
    st.integers(1, 120).map(AddDays),
    st.integers(1, 6).map(AddMonths),
    st.just(EndOfMonth()),
    st.just(EndOfDecade()),
    st.lists(st.integers(1, 31), min_size=1, max_size=2, unique=True).map(lambda days: FixedDay(tuple(days))),
)


@st.composite
def terms(draw: Any) -> Term:
    """Any term of one to three instalments."""
    shares = draw(st.sampled_from([(100,), (30, 70), (33, 33, 34), (Decimal("12.5"), Decimal("87.5"))]))
    parts = tuple(
        Instalment(
            Decimal(share),
            draw(st.sampled_from(["invoice", "delivery", "order", "request"])),
            tuple(draw(st.lists(steps, max_size=3))),
        )
        for share in shares
    )
    discount = draw(st.none() | st.just(Discount(Decimal("1.5"), 8)))
    return Term(parts, draw(st.sampled_from(["unshifted", "next", "previous"])), discount)


@given(term=terms(), language=st.sampled_from(["fr", "en"]))
def test_what_is_written_is_read_back(term: Term, language: Any) -> None:
    assert parse_term(write_term(term, language)) == term


@given(
    term=terms(),
    rows=st.lists(
        st.tuples(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(-(10**12), 10**12), st.booleans()),
        min_size=1,
        max_size=5,
    ),
)
def test_a_frame_gives_what_each_row_gives(term: Term, rows: list[tuple[date, int, bool]]) -> None:
    frame = pl.DataFrame(
        {
            "term": ["t" if known else None for _, _, known in rows],
            "issued_on": [day for day, _, _ in rows],
            "delivered_on": [day + timedelta(days=9) for day, _, _ in rows],
            "amount": [amount for _, amount, _ in rows],
        },
        schema_overrides={"term": pl.String},
    )
    expected: list[tuple[str | None, date | None, int]] = []
    for day, amount, known in rows:
        if not known:
            expected.append((None, None, amount))
            continue
        dues, shares = term.due_dates(day, delivery=day + timedelta(days=9)), term.split(amount)
        count = len(dues)
        for nth, (due, share) in enumerate(zip(dues, shares, strict=True), start=1):
            expected.append((f"{nth}/{count}" if count > 1 else None, due, share))
        assert sum(shares) == amount
    found = due_dates(frame, {"t": term})
    assert list(found.select("part", "due_on", "amount").iter_rows()) == expected


def test_an_empty_frame_has_the_columns() -> None:
    frame = pl.DataFrame(schema={"term": pl.String, "issued_on": pl.Date, "amount": pl.Int64})
    assert due_dates(frame, {}).columns == ["term", "issued_on", "amount", "part", "due_on"]


def test_holidays_shift_only_where_the_term_says_so() -> None:
    easter_monday = date(2026, 4, 6)
    issued_on = easter_monday - timedelta(days=30)
    due = [
        parse_term(f"30 jours{rule}").due_on(issued_on)
        for rule in ("", ", jour ouvré suivant", ", jour ouvré précédent")
    ]
    assert due == [easter_monday, date(2026, 4, 7), date(2026, 4, 3)]
    closed = Calendar("plant", frozenset([date(2026, 4, 7)]))
    term = parse_term("31 days, next working day")
    assert term.due_on(issued_on, closed) == date(2026, 4, 8)
    frame = pl.DataFrame({"day": [issued_on]})
    assert frame.select(due_on_expr(term.instalments[0], term, pl.col("day"), closed)).item() == date(2026, 4, 8)


def test_early_payment_discount() -> None:
    term = parse_term("2/10 net 30")
    assert term.discount_for(date(2026, 1, 1), 100_000) == (date(2026, 1, 11), 2_000)
    assert parse_term("net 30").discount_for(date(2026, 1, 1), 100_000) is None
