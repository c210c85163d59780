"""The planner against a slow telling of it; what must hold of every plan; steps beside the ladder; words inside."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from encours.core.base.book import Book
from encours.core.dunning.known import Known, Rules
from encours.core.dunning.plan import Plan, plan
from encours.core.dunning.prove import PlanError, assert_told
from encours.core.dunning.reading import read_scenarios
from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.scenario import Scenario, Scenarios, Step
from tests.core.dunning.held import rows
from tests.core.dunning.oracle import Late, told

DAY = date(2026, 3, 18)
_FREE = Known.of(Rules(cap=999, floors={}))
_CODES = ("a", "b", "c", "d", "e")


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def step(code: str, level: int, days: int, **more: Any) -> Step:
    base = {"anchor": "due", "channel": "email", "template": "t", "mode": "automatic"}
    return Step(**{"code": code, "names": {"en": code}, "level": level, "days": days, **base, **more})


def scenario(*steps: Step, **more: Any) -> Scenario:
    return Scenario(**{"code": "s", "names": {"en": "S"}, "priority": 1, "segment": (), "steps": steps, **more})


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    steps, level = [], 1
    for place, code in enumerate(_CODES[: draw(st.integers(1, 5))]):
        anchors = ["due", "due", "oldest_overdue"] + (["previous"] if place else [])
        task = draw(st.integers(0, 3)) == 0
        level += draw(st.integers(0, 1)) if place else 0
        steps.append(
            step(
                code, level, draw(st.integers(0, 40)), anchor=draw(st.sampled_from(anchors)),
                mode="task" if task else "automatic", channel="call" if task else "email",
                amount_min=draw(st.sampled_from([None, None, Decimal(50)])), patience=draw(st.integers(0, 12)),
            )
        )  # fmt: skip
    return scenario(*steps, pause_days=draw(st.integers(0, 6)))


@st.composite
def companies(draw: st.DrawFn) -> list[Late]:
    found = []
    for payer in range(draw(st.integers(1, 12))):
        for nth in range(draw(st.integers(1, 4))):
            due = ago(draw(st.integers(1, 70)))
            opened = draw(st.integers(1, 9_000))
            left = draw(st.lists(st.tuples(st.integers(0, 69), st.sampled_from(_CODES)), max_size=3))
            sent = {(due + timedelta(days=after), code) for after, code in left if due + timedelta(days=after) <= DAY}
            held = draw(st.sampled_from([0, 0, 0, opened // 2, opened]))
            found.append(Late(f"i{payer}-{nth}", f"c{payer}", due, opened, held, sorted(sent)))
    return found


def book_of(items: list[Late], channel: str = "email") -> Book:
    base = {"entity_id": "E", "currency": "EUR", "kind": "invoice", "issued_on": ago(200)}
    return Book.of(
        entities=rows("entities", {"entity_id": "E", "name": "E", "country": "FR", "currency": "EUR"}),
        customers=rows("customers", *(
            {"customer_id": one, "name": one, "kind": "business", "entity_id": "E", "sales_owner": "sales"}
            for one in sorted({item.payer for item in items})
        )),
        items=rows("items", *(
            {**base, "item_id": one.item, "customer_id": one.payer, "number": one.item, "due_on": one.due,
             "amount": one.open}
            for one in items
        )),
        disputes=rows("disputes", *(
            {"dispute_id": one.item, "item_id": one.item, "amount": one.held, "reason": "price", "opened_on": ago(1)}
            for one in items if one.held
        )),
        touches=rows("touches", *(
            {"touch_id": f"{one.item}-{nth}", "customer_id": one.payer, "item_id": one.item, "channel": channel,
             "level": code, "sent_on": day}
            for one in items for nth, (day, code) in enumerate(one.left)
        )),
    )  # fmt: skip


def asked_of(made: Plan) -> dict[tuple[str, str], dict[str, int]]:
    found: dict[tuple[str, str], dict[str, int]] = {}
    both = made.lines.join(made.actions.select("action_id", "customer_id", "step"), on="action_id")
    for customer, code, item, amount in both.select("customer_id", "step", "item_id", "amount").iter_rows():
        found.setdefault((customer, code), {})[item] = amount
    return found


def same(one: Plan, other: Plan) -> bool:
    names = ("actions", "lines", "held", "parts", "tasks", "internal")
    return all(getattr(one, name).equals(getattr(other, name)) for name in names)


# A plan takes a fifth of a second: a counterexample is told as it was found, not made smaller for minutes.
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.reuse, Phase.generate]
)
@given(one=scenarios(), items=companies(), seed=st.integers(0, 9))
def test_the_plan_is_what_a_slow_telling_says(one: Scenario, items: list[Late], seed: int) -> None:
    codes = {other.code for other in one.ladder}
    for item in items:
        item.left = [(day, code) for day, code in item.left if code in codes]
    book = book_of(items)
    made = plan(book, DAY, Scenarios((one,)), _FREE)
    expected = told(one, items, DAY)
    assert asked_of(made) == expected.asked
    reasons = dict(made.held.select("item_id", "reason").iter_rows())
    assert {item: "gate" if reason == "disputed" else reason for item, reason in reasons.items()} == expected.waits
    other = book.replace(**{
        name: frame.sample(fraction=1.0, shuffle=True, seed=seed) for name, frame in book.tables().items() if len(frame)
    })  # fmt: skip
    assert same(made, plan(other, DAY, Scenarios((one,)), _FREE))


def test_a_partly_disputed_item_is_asked_for_the_rest_and_the_part_told() -> None:
    made = plan(book_of([Late("i", "c", ago(9), 1_000, 400)]), DAY, Scenarios((scenario(step("a", 1, 5)),)), _FREE)
    assert made.lines.select("item_id", "amount", "held").rows() == [("i", 600, 400)]
    assert made.held.is_empty()
    assert made.parts.select("item_id", "amount", "reason", "part").rows() == [("i", 400, "disputed", True)]
    assert made.tasks["kind"].to_list() == ["settle_dispute"] or made.tasks.height == 1


def test_what_is_told_nowhere_twice_or_wrong_is_a_fault_of_the_program() -> None:
    late = pl.DataFrame({"item_id": ["i", "j"], "open": [10, 20]})
    line = pl.DataFrame({"action_id": ["x"], "item_id": ["i"], "amount": [10], "held": [0]})
    held = pl.DataFrame({"item_id": ["j"], "amount": [20]})
    parts = held.head(0)
    assert_told(late, line, held, parts)
    for lines, holds in (
        (line, held.head(0)),
        (line, pl.concat([held, held])),
        (line.with_columns(amount=pl.lit(9, pl.Int64)), held),
    ):
        with pytest.raises(PlanError):
            assert_told(late, lines, holds, parts)
    with pytest.raises(PlanError, match="no reason"):
        assert_told(late, line.with_columns(amount=pl.lit(7, pl.Int64), held=pl.lit(3, pl.Int64)), held, parts)


def _ready(*items: dict[str, Any], touches: tuple[dict[str, Any], ...] = (), **tables: pl.DataFrame) -> Book:
    base = {"entity_id": "E", "customer_id": "c", "currency": "EUR", "kind": "invoice", "issued_on": ago(60)}
    given = {
        "entities": rows("entities", {"entity_id": "E", "name": "E", "country": "FR", "currency": "EUR"}),
        "customers": rows(
            "customers", {"customer_id": "c", "name": "c", "kind": "business", "entity_id": "E", "sales_owner": "anna"}
        ),
        "items": rows("items", *({**base, "number": one["item_id"], **one} for one in items)),
        "touches": rows("touches", *({"customer_id": "c", "channel": "email", **one} for one in touches)),
    }
    return Book.of(**{**given, **tables})


def test_courtesy_before_the_due_date_once_and_not_beside_a_reminder() -> None:
    soon = {"item_id": "soon", "due_on": ago(-5), "amount": 500_000}
    made = plan(_ready(soon), DAY, ready_scenarios(), _FREE)
    assert made.actions.select("step", "items", "level").rows() == [("courtesy", ["soon"], 0)]
    left = {"touch_id": "t", "item_id": "soon", "level": "courtesy", "sent_on": ago(1)}
    assert plan(_ready(soon, touches=(left,)), DAY, ready_scenarios(), _FREE).actions.is_empty()
    late = {"item_id": "late", "due_on": ago(4), "amount": 9_000}
    assert plan(_ready(soon, late), DAY, ready_scenarios(), _FREE).actions["step"].to_list() == ["reminder_1"]
    other = {"item_id": "other", "due_on": ago(-6), "amount": 500_000}
    wrote = {**left, "sent_on": ago(6)}
    assert plan(_ready(soon, other, touches=(wrote,)), DAY, ready_scenarios(), _FREE).actions.is_empty()
    wrote = {**left, "sent_on": ago(7)}
    assert plan(_ready(soon, other, touches=(wrote,)), DAY, ready_scenarios(), _FREE).actions["items"].to_list() == [
        ["other"]
    ]
    small = {**soon, "amount": 99_999}
    assert plan(_ready(small), DAY, ready_scenarios(), _FREE).actions.is_empty()


def test_thanks_after_what_was_asked_for_is_paid_and_nothing_is_late() -> None:
    paid = {"item_id": "paid", "due_on": ago(12), "amount": 9_000}
    left = {"touch_id": "t", "item_id": "paid", "level": "reminder_1", "sent_on": ago(9)}
    letter = rows("allocations", {
        "allocation_id": "a", "item_id": "paid", "amount": 9_000, "kind": "cash", "allocated_on": ago(1), "source": "x",
    })  # fmt: skip
    made = plan(_ready(paid, touches=(left,), allocations=letter), DAY, ready_scenarios(), _FREE)
    assert made.actions.select("step", "amount").rows() == [("thanks", 0)]
    assert plan(_ready(paid, allocations=letter), DAY, ready_scenarios(), _FREE).actions.is_empty()
    late = {"item_id": "late", "due_on": ago(2), "amount": 9_000}
    assert plan(
        _ready(paid, late, touches=(left,), allocations=letter), DAY, ready_scenarios(), _FREE
    ).actions.is_empty()


@pytest.mark.parametrize(("age", "code"), [(9, None), (10, "call"), (15, "call"), (16, "letter"), (40, "letter")])
def test_a_call_that_nobody_made_lets_the_letter_go_after_its_patience(age: int, code: str | None) -> None:
    call = step("call", 2, 10, mode="task", channel="call", patience=5)
    one = scenario(step("mail", 1, 1), call, step("letter", 3, 13, channel="letter"))
    item = Late("i", "c", ago(age), 1_000, left=[(ago(age - 1), "mail")])
    made = plan(book_of([item]), DAY, Scenarios((one,)), _FREE)
    assert made.actions["step"].to_list() == ([code] if code else [])
    no_letter = plan(book_of([item]), DAY, Scenarios((scenario(step("mail", 1, 1), call),)), _FREE)
    assert no_letter.actions["step"].to_list() == (["call"] if code else [])


def test_a_formal_notice_waits_for_the_sales_owner_to_be_told_and_never_leaves_by_itself() -> None:
    old = {"item_id": "old", "due_on": ago(31), "amount": 90_000}
    codes = (("reminder_1", 27), ("reminder_2", 20), ("call", 17), ("letter", 10))
    left = tuple({"touch_id": code, "item_id": "old", "level": code, "sent_on": ago(n)} for code, n in codes)
    made = plan(_ready(old, touches=left), DAY, ready_scenarios(), _FREE)
    assert made.held["reason"].to_list() == ["notice_running"]
    notice = made.internal.filter(pl.col("kind") == "notice").row(0, named=True)
    assert (notice["owner"], notice["step"], notice["goes_on"]) == ("anna", "formal_notice", DAY + timedelta(days=2))
    told_on = pl.DataFrame({"customer_id": ["c"], "step": ["formal_notice"], "asked_on": [ago(2)]})
    given = Known.of(_FREE.settings, notices=told_on)
    action = plan(_ready(old, touches=left), DAY, ready_scenarios(), given).actions.row(0, named=True)
    assert (action["mode"], action["signatory"], action["formal"]) == ("confirm", "credit_manager", True)
    objection = pl.DataFrame(
        {"customer_id": ["c"], "step": ["formal_notice"], "until_on": [ago(-9)], "reason": ["order"]}
    )
    held = plan(_ready(old, touches=left), DAY, ready_scenarios(), Known.of(notices=told_on, objections=objection)).held
    assert held.select("reason", "task", "until_on").rows() == [("objection", "decide_objection", ago(-9))]
    assert all(not one.formal or one.mode != "automatic" for s in ready_scenarios().scenarios for one in s.steps)


def test_an_order_hold_waits_for_sales_stands_beside_messages_and_is_no_contact() -> None:
    hold = step("hold", 3, 12, channel="order_hold", mode="task", notice_hours=48)
    two = Scenarios((scenario(step("mail", 1, 1), hold, step("late", 4, 20), pause_days=9),))
    item = Late("i", "c", ago(13), 1_000, left=[(ago(3), "mail")])
    made = plan(book_of([item]), DAY, two, Known.of(Rules(cap=1, floors={})))
    assert made.actions.is_empty()
    assert made.held["reason"].to_list() == ["notice_running"]
    told_on = pl.DataFrame({"customer_id": ["c"], "step": ["hold"], "asked_on": [ago(2)]})
    known = Known.of(Rules(cap=1, floors={}), notices=told_on)
    made = plan(book_of([item]), DAY, two, known)
    assert made.actions.select("step", "mode").rows() == [("hold", "task")], "no pause and no cap of messages holds it"
    proposed = pl.DataFrame(
        {"touch_id": ["h"], "customer_id": ["c"], "item_id": ["i"], "channel": ["order_hold"], "level": ["hold"],
         "sent_on": [ago(1)]}
    )  # fmt: skip
    book = book_of([Late("i", "c", ago(21), 1_000, left=[(ago(9), "mail")])])
    book = replace(book, touches=pl.concat([book.touches, proposed], how="diagonal_relaxed"))
    assert plan(book, DAY, two, known).actions["step"].to_list() == ["late"], (
        "who heard of nothing is not spared for it"
    )


def test_the_notice_is_given_so_early_that_the_step_need_not_wait() -> None:
    old = {"item_id": "old", "due_on": ago(29), "amount": 90_000}
    codes = (("reminder_1", 26), ("reminder_2", 19), ("call", 16), ("letter", 9))
    left = tuple({"touch_id": code, "item_id": "old", "level": code, "sent_on": ago(n)} for code, n in codes)
    made = plan(_ready(old, touches=left), DAY, ready_scenarios(), _FREE)
    assert made.held["reason"].to_list() == ["waiting"]
    assert made.internal["goes_on"].to_list() == [DAY + timedelta(days=1)]


def test_each_monday_every_sales_owner_has_a_digest() -> None:
    late = {"item_id": "late", "due_on": ago(5), "amount": 9_000}
    monday = ago(2)
    digest = plan(_ready(late), monday, ready_scenarios(), _FREE).internal
    assert digest.select("kind", "owner", "customer_id", "amount").rows() == [("digest", "anna", "c", 9_000)]
    assert plan(_ready(late), DAY, ready_scenarios(), _FREE).internal.is_empty()


def test_a_monday_that_is_a_holiday_has_its_digest_on_tuesday() -> None:
    late = {"item_id": "late", "due_on": ago(5), "amount": 9_000}
    easter = date(2026, 4, 6)
    kinds = [plan(_ready(late), easter + timedelta(days=n), ready_scenarios(), _FREE).internal["kind"].to_list()
             for n in (0, 1, 2, 7, 8)]  # fmt: skip
    assert kinds == [[], ["digest"], [], ["digest"], []]


def test_a_broken_promise_calls_for_a_call_once() -> None:
    late = {"item_id": "late", "due_on": ago(25), "amount": 90_000}
    codes = (("reminder_1", 21), ("reminder_2", 15), ("call", 12), ("letter", 4))
    left = tuple({"touch_id": code, "item_id": "late", "level": code, "sent_on": ago(n)} for code, n in codes)
    promise = rows("promises", {
        "promise_id": "p", "customer_id": "c", "item_id": "late", "made_on": ago(10), "due_on": ago(7),
        "kind": "promise",
    })  # fmt: skip
    made = plan(_ready(late, touches=left, promises=promise), DAY, ready_scenarios(), _FREE)
    assert made.actions.select("step", "mode").rows() == [("promise_broken", "task")]
    called = {"touch_id": "x", "item_id": "late", "level": "promise_broken", "channel": "call", "sent_on": ago(1)}
    again = plan(_ready(late, touches=(*left, called), promises=promise), DAY, ready_scenarios(), _FREE)
    assert again.actions.is_empty()


def test_a_consumer_has_four_contacts_in_thirty_days_at_most() -> None:
    person = rows("customers", {"customer_id": "c", "name": "c", "kind": "consumer", "entity_id": "E"})
    late = {"item_id": "late", "due_on": ago(25), "amount": 9_000}
    left = tuple(
        {"touch_id": f"{n}", "item_id": "late", "level": "b2c_sms", "channel": "sms", "sent_on": ago(n)}
        for n in (20, 18, 15, 11)
    )
    held = plan(_ready(late, touches=left, customers=person), DAY, ready_scenarios(), _FREE).held
    assert held.select("reason", "until_on").rows() == [("capped", ago(20) + timedelta(days=29))]
    assert plan(_ready(late, touches=left[1:], customers=person), DAY, ready_scenarios(), _FREE).actions.height == 1


def test_a_step_that_nothing_can_carry_is_passed_over_and_says_so() -> None:
    person = rows("customers", {"customer_id": "c", "name": "c", "kind": "consumer", "entity_id": "E"})

    def planned(days: int, *left: tuple[str, int]) -> Plan:
        late = {"item_id": "late", "due_on": ago(days), "amount": 20_000}
        touches = tuple({"touch_id": code, "item_id": "late", "level": code, "sent_on": ago(n)} for code, n in left)
        return plan(_ready(late, touches=touches, customers=person), DAY, ready_scenarios(), _FREE)

    said = "Its step by sms is passed over: no such channel is set up."
    early = planned(5)
    assert early.actions.is_empty()
    assert early.held["sentence"].item() == f"{said} The next is reached on {ago(-5)}."
    asked = planned(12).actions
    assert asked.select("step", "channel", "mode").rows() == [("b2c_email", "email", "automatic")]
    assert said in asked["reasons"].item().to_list()
    later = planned(22, ("b2c_email", 12)).actions
    assert later["step"].to_list() == ["b2c_letter"]
    assert said not in later["reasons"].item().to_list(), "once a message left it is no matter any more"


def test_a_step_that_nothing_can_carry_is_done_where_a_person_does_it() -> None:
    late = {"item_id": "late", "due_on": ago(12), "amount": 20_000}
    for channel, mode in (("sms", "task"), ("voice", "task"), ("sms", "automatic"), ("voice", "confirm")):
        first = step("text", 1, 3, channel=channel, mode=mode, patience=30)
        made = plan(_ready(late), DAY, Scenarios((scenario(first, step("mail", 2, 10)),)), _FREE)
        assert made.actions["step"].to_list() == (["text"] if mode == "task" else ["mail"])
        alone = plan(_ready(late), DAY, Scenarios((scenario(first),)), _FREE)
        assert alone.actions["step"].to_list() == (["text"] if mode == "task" else [])
        assert mode == "task" or alone.held["reason"].to_list() == ["ladder_ended"]


def test_one_message_to_who_pays_for_others_and_two_creditors_never_in_one() -> None:
    people = rows("customers", *(
        {"customer_id": one, "name": one, "kind": "business", "entity_id": "E"} for one in ("c", "site", "head")
    ))  # fmt: skip
    links = rows("customer_links", {"customer_id": "site", "other_id": "head", "role": "payer"})
    items = (
        {"item_id": "a", "customer_id": "site", "due_on": ago(4), "amount": 9_000},
        {"item_id": "b", "customer_id": "head", "due_on": ago(4), "amount": 9_000},
        {"item_id": "f", "customer_id": "head", "due_on": ago(4), "amount": 9_000},
    )
    made = plan(_ready(*items, customers=people, customer_links=links), DAY, ready_scenarios(), _FREE)
    assert made.actions.select("customer_id", "items").rows() == [("head", ["a", "b", "f"])]
    sold = {"subject": "item", "subject_id": "f", "kind": "factor:assigned", "on": ago(30)}
    for value, groups in (
        ("mandate", [(None, ["a", "b"]), ("Factor X", ["f"])]),
        ("confidential", [(None, ["a", "b", "f"])]),
        ("Factor X", [(None, ["a", "b"])]),  # it collects itself
    ):
        events = rows("events", {**sold, "value": value, "detail": "Factor X"})
        book = _ready(*items, customers=people, customer_links=links, events=events)
        split = plan(book, DAY, ready_scenarios(), _FREE)
        assert split.actions.sort("creditor").select("creditor", "items").rows() == groups


def test_a_plain_number_and_a_touch_without_an_item_count_as_levels() -> None:
    late = {"item_id": "late", "due_on": ago(12), "amount": 9_000}
    letter = {"touch_id": "t", "item_id": None, "level": "1", "sent_on": ago(8)}
    made = plan(_ready(late, touches=(letter,)), DAY, ready_scenarios(), _FREE)
    assert made.actions["step"].to_list() == ["reminder_2"]


def test_no_book_no_plan() -> None:
    made = plan(Book.of(), DAY, ready_scenarios())
    assert made.actions.is_empty()
    assert made.held.is_empty()
    assert plan(_ready({"item_id": "i", "due_on": ago(3), "amount": 1}), DAY, Scenarios(())).held.height == 1


def test_scenarios_can_be_made_of_what_they_say() -> None:
    from encours.core.dunning.reading import as_data

    assert read_scenarios(as_data(ready_scenarios())) == ready_scenarios()
