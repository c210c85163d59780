"""Late interest, rates and the indemnity: every table and worked example of the trade's handbook."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.base.issue import CallError
from encours.core.terms.interest import ContractRate, Regime, late_interest
from encours.core.terms.rates import RATE_SCHEMA, Rates, half_years

RATES = Rates.shipped()
AMOUNT = 1_200_000
DUE, PAID = date(2024, 11, 15), date(2025, 9, 10)

# Half-year | MRO | B2B default | public | legal business | 3x floor | legal individual
HALF_YEARS = [
    ("2019-01-01", 0, 1000, 800, 86, 258, 340),
    ("2019-07-01", 0, 1000, 800, 87, 261, 326),
    ("2020-01-01", 0, 1000, 800, 87, 261, 315),
    ("2020-07-01", 0, 1000, 800, 84, 252, 311),
    ("2021-01-01", 0, 1000, 800, 79, 237, 314),
    ("2021-07-01", 0, 1000, 800, 76, 228, 312),
    ("2022-01-01", 0, 1000, 800, 76, 228, 313),
    ("2022-07-01", 0, 1000, 800, 77, 231, 315),
    ("2023-01-01", 250, 1250, 1050, 206, 618, 447),
    ("2023-07-01", 400, 1400, 1200, 422, 1266, 682),
    ("2024-01-01", 450, 1450, 1250, 507, 1521, 801),
    ("2024-07-01", 425, 1425, 1225, 492, 1476, 816),
    ("2025-01-01", 315, 1315, 1115, 371, 1113, 721),
    ("2025-07-01", 215, 1215, 1015, 276, 828, 665),
    ("2026-01-01", 215, 1215, 1015, 262, 786, 667),
]


@pytest.mark.parametrize("row", HALF_YEARS, ids=lambda row: row[0])
def test_rates_by_half_year(row: tuple[str, int, int, int, int, int, int]) -> None:
    text, mro, default, public, legal, floor, person = row
    start = date.fromisoformat(text)
    inside = start + timedelta(days=100)

    def rate(regime: Regime) -> int:
        return late_interest(AMOUNT, inside, inside + timedelta(days=1), RATES, regime).lines[0].rate_bp

    found = RATES.half_year("mro", inside)
    assert found is not None
    assert (found.bp, found.sure) == (mro, True)
    assert rate(Regime()) == default
    assert rate(Regime("public")) == public
    assert rate(Regime(contract=ContractRate.times_legal(3))) == floor
    assert [getattr(RATES.half_year(kind, inside), "bp", None) for kind in ("legal_business", "legal_individual")] == [
        legal,
        person,
    ]


@pytest.mark.parametrize(
    ("day", "bp"),
    [
        ("2022-07-01", 0),
        ("2022-07-26", 0),
        ("2022-07-27", 50),
        ("2023-09-19", 425),
        ("2023-09-20", 450),
        ("2025-06-11", 215),
    ],
)
def test_effective_dates_not_decision_dates(day: str, bp: int) -> None:
    found = RATES.on("mro", date.fromisoformat(day))
    assert found is not None
    assert found.bp == bp


def test_example_1_split_by_half_year_and_rounded_once() -> None:
    found = late_interest(AMOUNT, DUE, PAID, RATES)
    assert [(line.days, line.rate_bp, round(line.interest)) for line in found.lines] == [
        (46, 1425, 21551),
        (181, 1315, 78252),
        (72, 1215, 28761),
    ]
    assert found.days == 299
    assert found.interest == 128563
    assert found.interest + found.indemnity_cents == 132563
    assert found.warnings == ()


def test_example_2_contract_at_three_times_the_legal_rate() -> None:
    found = late_interest(AMOUNT, DUE, PAID, RATES, Regime(contract=ContractRate.times_legal(3)))
    assert [round(line.interest) for line in found.lines] == [22322, 66231, 19600]
    assert (found.interest, found.indemnity_cents) == (108153, 4000)


def test_example_3_partial_payment() -> None:
    found = late_interest(AMOUNT, DUE, PAID, RATES, payments=[(date(2025, 1, 31), 500_000)])
    assert [(line.days, line.principal, round(line.interest)) for line in found.lines] == [
        (46, 1_200_000, 21551),
        (31, 1_200_000, 13402),
        (150, 700_000, 37829),
        (72, 700_000, 16777),
    ]
    assert (found.interest, found.indemnity_cents) == (89559, 4000)


def test_example_4_public_buyer_frozen() -> None:
    found = late_interest(AMOUNT, date(2025, 3, 3), PAID, RATES, Regime("public"))
    assert [(line.days, line.rate_bp) for line in found.lines] == [(191, 1115)]
    assert (found.interest, found.indemnity_cents) == (70016, 4000)
    # Interest that begins on 1 July takes the second half-year's rate.
    assert late_interest(AMOUNT, date(2025, 6, 30), PAID, RATES, Regime("public")).lines[0].rate_bp == 1015


def test_the_floor_limits_contract_rates_only() -> None:
    early = (date(2024, 1, 31), date(2024, 3, 1))
    low = late_interest(AMOUNT, *early, RATES, Regime(contract=ContractRate.fixed("5")))
    assert low.lines[0].rate_bp == 1521
    assert "5.00 % is below three times the legal rate in H1 2024; 15.21 % is used" in low.warnings[0]
    high = late_interest(AMOUNT, *early, RATES, Regime(contract=ContractRate.fixed("18")))
    assert (high.lines[0].rate_bp, high.warnings) == (1800, ())
    over = late_interest(AMOUNT, *early, RATES, Regime(contract=ContractRate.over_mro("12")))
    assert over.lines[0].rate_bp == 1650
    assert late_interest(AMOUNT, *early, RATES).lines[0].rate_bp == 1450


def test_day_counts() -> None:
    due, until = date(2023, 12, 21), date(2024, 1, 10)  # 10 days of 2023, 10 of a leap year
    amounts = {
        count: late_interest(36_500_000, due, until, RATES, Regime(day_count=count))
        for count in ("365", "360", "actual")
    }
    assert [round(line.interest) for line in amounts["365"].lines] == [140_000, 145_000]
    assert [round(line.interest) for line in amounts["360"].lines] == [141_944, 147_014]
    assert [round(line.interest) for line in amounts["actual"].lines] == [140_000, 144_604]
    public = late_interest(36_500_000, due, until, RATES, Regime("public", day_count="actual"))
    assert public.interest == round(36_500_000 * 0.12 * (10 / 365 + 10 / 366))


def test_who_owes_nothing() -> None:
    consumer = late_interest(AMOUNT, DUE, PAID, RATES, Regime("consumer"))
    assert (consumer.interest, consumer.indemnity_cents) == (0, 0)
    assert "professionals only" in consumer.warnings[0]
    on_time = late_interest(AMOUNT, DUE, DUE, RATES)
    assert (on_time.interest, on_time.indemnity_cents) == (0, 0)
    assert late_interest(AMOUNT, DUE, DUE, RATES, Regime("public")).lines == ()
    paid_early = late_interest(AMOUNT, DUE, PAID, RATES, payments=[(DUE, AMOUNT)])
    assert (paid_early.interest, paid_early.indemnity_cents) == (0, 0)
    insolvent = late_interest(AMOUNT, DUE, PAID, RATES, Regime(insolvent=True))
    assert (insolvent.interest, insolvent.indemnity_cents) == (128563, 0)


def test_a_rate_that_is_not_known_yet_is_carried_on_and_said() -> None:
    late = late_interest(AMOUNT, date(2026, 6, 30), date(2026, 7, 31), RATES)
    assert late.lines[0].rate_bp == 1215
    assert "main refinancing rate of H2 2026 is not known yet; 2.15 % of 2025-06-11" in late.warnings[0]
    legal = late_interest(AMOUNT, date(2026, 6, 30), date(2026, 7, 31), RATES, Regime(contract=ContractRate.fixed(12)))
    assert "legal rate of H2 2026" in legal.warnings[0]
    rows = pl.DataFrame([("mro", date(2026, 6, 20), 190)], schema=RATE_SCHEMA, orient="row")
    still = RATES.with_rows(rows)
    assert late_interest(AMOUNT, date(2026, 6, 30), date(2026, 7, 31), still).lines[0].rate_bp == 1190
    known = still.with_rows(rows.with_columns(on=date(2026, 7, 1)))
    assert late_interest(AMOUNT, date(2026, 6, 30), date(2026, 7, 31), known).warnings == ()
    assert known.frame().height == RATES.frame().height + 2


def test_wrong_calls() -> None:
    with pytest.raises(CallError, match="no main refinancing rate is known on 2015-01-01"):
        late_interest(AMOUNT, date(2014, 12, 31), date(2015, 2, 1), RATES)
    with pytest.raises(CallError, match="more was paid"):
        late_interest(AMOUNT, DUE, PAID, RATES, payments=[(DUE, AMOUNT + 1)])
    with pytest.raises(CallError, match="column rate_bp is absent"):
        RATES.with_rows(pl.DataFrame({"kind": ["mro"], "on": [DUE]}))
    bad = pl.DataFrame([("euribor", DUE, 1), ("mro", None, 1)], schema=RATE_SCHEMA, orient="row")
    with pytest.raises(CallError, match=r"'euribor' is not one of.*; rates: a row of mro has no day"):
        RATES.with_rows(bad)


@given(
    days_late=st.integers(1, 900),
    payments=st.lists(st.tuples(st.integers(-30, 900), st.integers(1, 300_000)), max_size=4),
)
def test_interest_is_the_sum_of_its_days(days_late: int, payments: list[tuple[int, int]]) -> None:
    """Day by day, the slow way: each day's unpaid amount at its half-year's rate."""
    until = DUE + timedelta(days=days_late)
    dated = [(DUE + timedelta(days=after), minor) for after, minor in payments if DUE + timedelta(days=after) < until]
    found = late_interest(AMOUNT, DUE, until, RATES, payments=dated)
    total = 0.0
    for n in range(1, days_late + 1):
        day = DUE + timedelta(days=n)
        unpaid = AMOUNT - sum(minor for paid, minor in dated if paid < day)
        rate = {2024: 1425}.get(day.year) or (1315 if day < date(2025, 7, 1) else 1215)
        total += unpaid * rate / 10_000 / 365
    assert abs(found.interest - total) <= 0.5001


@given(first=st.dates(date(2019, 1, 1), date(2026, 1, 1)), length=st.integers(0, 900))
def test_half_years_cover_every_day_once(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    days = [start + timedelta(days=n) for start, end in half_years(first, last) for n in range((end - start).days + 1)]
    assert days == [first + timedelta(days=n) for n in range(length + 1)]
