"""Explanations of a gap: whatever the case, their lines sum to it, each with one cause; and each cause by example."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.base.schema import TABLES
from encours.core.matching.differences import Case, Chosen, Free, Policy, causes, explain_gap, judge, policy_faults
from encours.core.matching.differences.causes import default_policy, shipped
from encours.core.terms.rates import Rates

DAY = date(2026, 3, 20)
KINDS = set(TABLES["allocations"].column("kind").words)
TEXTS = (
    "",
    "VIR F1 FRAIS",
    "RFA 2025",
    "litige prix F1",
    "manquant palette",
    "compensation",
    "RG 5%",
    "WHT 15",
    "pénalités OTIF",
    "1er versement",
)


def item(number: str, amount: int, **more: Any) -> Chosen:
    values = {"kind": "invoice", "customer_id": "C", "issued_on": date(2026, 2, 1), "due_on": date(2026, 4, 2)}
    values |= {"open": amount, "currency": "EUR"} | more
    return Chosen(number, number, amount=amount, **values)


def case(gap: int, *items: Chosen, **more: Any) -> Case:
    return Case(gap, items, DAY, **({"currency": "EUR", "paid_in": "EUR", "country": "FR"} | more))


def best(asked: Case, policy: Policy | None = None) -> Any:
    return explain_gap(asked, policy or default_policy())[0]


@st.composite
def cases(draw: Any) -> Case:
    items = []
    for n in range(draw(st.integers(0, 5))):
        amount = draw(st.integers(1, 5_000_000)) * draw(st.sampled_from([1, 1, 1, -1]))
        offer = draw(st.none() | st.integers(1, max(1, abs(amount) // 20)))
        items.append(
            item(
                f"I{n}",
                amount,
                due_on=DAY + timedelta(days=draw(st.integers(-400, 60))),
                open=draw(st.sampled_from([amount, amount, amount // 2 or amount])),
                discount_on=draw(st.none() | st.just(DAY + timedelta(days=draw(st.integers(-9, 9))))),
                discount_amount=offer,
                terms=draw(st.sampled_from([None, "30 days", "2/10 net 30", "nonsense"])),
            )
        )
    total = sum(one.open for one in items)
    rates = [int(total * share / 1000) for share in (5, 20, 50, 150)]
    offers = sum(one.discount_amount or 0 for one in items)
    gaps = st.one_of(st.integers(-6_000_000, max(total, 1)), st.sampled_from([1, -1, 4000, -4000, *rates, offers]))
    gap = draw(gaps.filter(lambda value: value <= sum(one.open for one in items if one.open > 0)))
    notes = tuple(
        item(f"N{n}", -size, kind=draw(st.sampled_from(["credit_note", "down_payment"])))
        for n, size in enumerate(draw(st.lists(st.sampled_from([max(abs(gap), 1), 700, 1_000]), max_size=4)))
    )
    return Case(
        gap,
        tuple(items),
        DAY,
        "EUR",
        draw(st.sampled_from(["EUR", "USD"])),
        "FR",
        draw(st.sampled_from([None, "FR", "IN"])),
        draw(st.sampled_from(TEXTS)),
        notes,
        (Free("R", DAY, abs(gap) or 1),),
        draw(st.sampled_from([Decimal(1), None, Decimal("0.9")])),
        Rates.shipped(),
        draw(st.sampled_from(["business", "consumer", "public"])),
    )


@given(cases())
def test_every_explanation_is_the_whole_gap_with_one_cause_each(asked: Case) -> None:
    found = explain_gap(asked, default_policy())
    assert bool(found) == bool(asked.gap and (asked.gap < 0 or asked.owed))
    for one in found:
        assert sum(line.takes for line in one.lines) == asked.gap == sum(part.amount for part in one.differences)
        assert len(set(one.causes)) == len(one.causes)
        assert set(one.causes) <= set(causes())
        for part in one.differences:
            assert {line.kind for line in part.lines} <= {part.kind, ""}
            assert part.kind in {*KINDS, ""}
            assert part.sentence
            assert part.proof
            assert part.account
            assert part.owner
            assert part.inside == (not part.why_outside)
        _assert_fits(asked, one.lines)
    order = [(-one.strength, not one.inside) for one in found]
    assert order == sorted(order)


def _assert_fits(asked: Case, lines: Any) -> None:
    """Nothing is taken off an item beyond what is open of it; a gain alone has the other sign."""
    opened = {one.item_id: one.open for one in (*asked.items, *asked.credits)}
    taken: dict[str, int] = {}
    for line in lines:
        if line.item_id is not None:
            taken[line.item_id] = taken.get(line.item_id, 0) + line.amount
    for name, amount in taken.items():
        assert asked.gap < 0 or 0 < amount * (1 if opened[name] > 0 else -1) <= abs(opened[name])


@given(cases(), st.sampled_from(sorted(causes())))
def test_a_person_may_say_any_cause_and_is_measured(asked: Case, name: str) -> None:
    said = judge(name, asked, default_policy())
    assert said.cause == name
    assert said.inside == (not said.why_outside)


def test_the_discount_of_the_terms_is_inside_and_after_its_day_is_not() -> None:
    offered = item("F1", 100_000, discount_on=DAY, discount_amount=2_000)
    found = best(case(2_000, offered))
    assert (found.causes, found.inside, found.account) == (("discount",), True, "665")
    assert not found.differences[0].concedes, "a right of the customer is no concession"
    late = best(case(2_000, replace(offered, discount_on=DAY - timedelta(days=5))))
    assert (late.causes, late.inside) == (("discount",), False)
    assert late.differences[0].why_outside == "the discount was offered until 2026-03-15 and was taken 5 days late"
    assert late.differences[0].concedes


def test_terms_in_words_offer_a_discount_too() -> None:
    found = best(case(2_000, item("F1", 100_000, terms="2/60 net 90")))
    assert (found.causes, found.inside) == (("discount",), True)


def test_a_discount_and_a_bank_charge_are_two_differences() -> None:
    offered = item("F1", 100_000, discount_on=DAY, discount_amount=2_000)
    found = best(case(3_500, offered, item("F2", 10_000), text="VIR F1 F2 FRAIS DEDUITS"))
    by_cause = {one.causes: one for one in explain_gap(case(3_500, offered, text="FRAIS"), default_policy())}
    both = by_cause["discount", "bank_charge"]
    assert [(line.item_id, line.amount, line.kind) for line in both.lines] == [
        ("F1", 2_000, "discount"),
        ("F1", 1_500, "charge"),
    ]
    assert both.inside
    assert found.inside


_PAID_BEFORE = item("D", -700, kind="down_payment")


_BY_EXAMPLE = [
    (case(2, item("F1", 10_000)), "rounding", "write_off", "658"),
    (case(-2, item("F1", 10_000)), "rounding", "write_off", "758"),
    (case(1_500, item("F1", 100_000), text="OUR SHA"), "bank_charge", "charge", "627"),
    (case(1_500, item("F1", 100_000), payer_country="US"), "bank_charge", "charge", "627"),
    (case(700, item("F1", 100_000), credits=(item("N1", -700, kind="credit_note"),)), "credit_note", "cash", "411"),
    (case(700, item("F1", 9_000), credits=(_PAID_BEFORE,)), "deducted_advance", "cash", "4191"),
    (case(700, item("F1", 90_000), free=(Free("R0", DAY, 700),)), "deducted_advance", "", "4191"),
    (case(5_000, item("F1", 100_000), text="RG 5 POUR CENT"), "retention", "netting", "4117"),
    (case(15_000, item("F1", 100_000), payer_country="IN"), "withholding", "charge", "447"),
    (case(40_000, item("F1", 100_000), text="compensation vos factures"), "netting", "netting", "401"),
    (case(30_000, item("F1", 100_000), text="RFA 2025"), "rebate", "", "709"),
    (case(30_000, item("F1", 100_000), text="pénalités logistiques"), "logistics_penalty", "", "6711"),
    (case(30_000, item("F1", 100_000), text="écart de prix"), "price_short", "", "709"),
    (case(30_000, item("F1", 100_000), text="2 manquants"), "quantity_short", "", "709"),
    (case(30_000, item("F1", 100_000)), "part_payment", "", "411"),
    (case(-30_000, item("F1", 100_000)), "overpayment", "", "4191"),
    (case(500, item("F1", 100_000), paid_in="USD"), "fx", "fx", "666"),
    (case(-500, item("F1", 100_000), paid_in="USD"), "fx", "fx", "766"),
    (case(-4_000, item("F1", 100_000, due_on=DAY - timedelta(days=9))), "late_penalties", "write_off", "7631"),
    (case(1_900, item("F1", 9_000, due_on=DAY - timedelta(days=200))), "loss", "write_off", "654"),
]  # fmt: skip
#: Cases that others may look at, too.
EXAMPLES = [asked for asked, *_ in _BY_EXAMPLE]


@pytest.mark.parametrize(("asked", "cause", "kind", "account"), _BY_EXAMPLE)
def test_each_cause_by_example(asked: Case, cause: str, kind: str, account: str) -> None:
    found = explain_gap(asked, default_policy())
    mine = next(one for one in found if one.causes == (cause,))
    if cause != "loss":  # giving up is never the first thing to think of
        assert found[0] is mine, [one.causes for one in found]
    assert (mine.differences[0].kind, mine.account, mine.inside) == (kind, account, True)


def test_the_interest_of_the_law_and_the_indemnity_are_recognised() -> None:
    late = item("F1", 1_000_000, due_on=date(2026, 1, 19))
    # 60 days at 12.15 % (2.15 + 10, first half of 2026): 1,000,000 × 0.1215 × 60 / 365 = 19,972.60
    for extra in (19_973, 19_973 + 4_000):
        found = best(case(-extra, late, rates=Rates.shipped()))
        assert found.causes == ("late_penalties",)


def test_beyond_its_limit_a_cause_is_outside_and_a_policy_moves_the_limit() -> None:
    asked = case(6_000, item("F1", 100_000), text="FRAIS")
    found = next(one for one in explain_gap(asked, default_policy()) if one.causes == ("bank_charge",))
    assert (found.inside, found.differences[0].why_outside) == (False, "60.00 EUR is beyond the limit")
    wider = Policy.of(shipped(), {"bank_charge": {"limit": 6_000, "account": "6278"}})
    found = next(one for one in explain_gap(asked, wider) if one.causes == ("bank_charge",))
    assert (found.inside, found.account) == (True, "6278")
    never = Policy.of(shipped(), {"bank_charge": {"allowed": False}})
    assert not judge("bank_charge", asked, never).inside


def test_limits_are_in_the_entitys_currency() -> None:
    dollars = replace(case(6_000, item("F1", 100_000, currency="USD"), text="FEES"), currency="USD", paid_in="USD")
    assert judge("bank_charge", replace(dollars, per_unit=Decimal("0.8")), default_policy()).inside
    unknown = judge("bank_charge", replace(dollars, per_unit=None), default_policy())
    assert unknown.why_outside == "no rate of USD is known to compare it with the limit"


def test_a_lost_rest_must_be_old_and_small() -> None:
    old = item("F1", 9_000, due_on=DAY - timedelta(days=200))
    assert judge("loss", case(1_900, old), default_policy()).inside
    young = judge("loss", case(1_900, replace(old, due_on=DAY - timedelta(days=20))), default_policy())
    assert young.why_outside == "it is given up only once it is 180 days overdue"
    assert not judge("loss", case(2_100, old), default_policy()).inside


@pytest.mark.parametrize(
    ("text", "of_a_part"),
    [
        ("REGLEMENT PARTIEL F1", True),
        ("2EME TRANCHE", True),
        ("part 2/3", True),
        ("2nd instalment", True),
        ("PARTENAIRE SANTE", False),
        ("PARTICIPATION SALON", False),
        ("DE LA PART DE DURAND", False),
    ],
)
def test_a_part_is_spoken_of_in_whole_words(text: str, of_a_part: bool) -> None:
    found = judge("part_payment", case(30_000, item("F1", 100_000), text=text), default_policy())
    assert ("speaks of a part" in found.proof) == of_a_part


def test_what_nothing_speaks_for_is_outside() -> None:
    said = judge("discount", case(7_777, item("F1", 100_000)), default_policy())
    assert (said.inside, said.why_outside) == (False, "no discount is offered on these items")
    assert judge("part_payment", case(7_777, item("F1", 100_000)), default_policy()).inside


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ([], "a policy names causes and their rules"),
        ({"magic": {}}, "magic is not a cause of differences"),
        ({"fx": 3}, "fx: give its limits, account and owner"),
        ({"fx": {"limit": -1}}, "fx: limits and days are whole numbers, zero or more"),
        ({"fx": {"percent": 101}}, "fx: a percentage lies between 0 and 100"),
        ({"fx": {"account": "6 27"}}, "fx: an account has letters and digits only"),
        ({"fx": {"colour": 1}}, "fx: a rule has no colour"),
        ({"fx": {"allowed": 1}}, "fx: say yes or no to whether it is allowed"),
    ],
)
def test_a_wrong_policy_says_what_is_wrong(said: Any, fault: str) -> None:
    assert fault in policy_faults(said, tuple(causes()))
