"""Receipts matched by hand: split, differences inside and beyond the policy, what goes with them, and it all back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pytest_django import Settings

from encours.core.base.issue import CallError
from encours.store import audit, frames
from encours.store.models import (
    Advance,
    Allocation,
    CustomerPosition,
    Decision,
    Delegation,
    DifferenceLine,
    Dispute,
    Item,
    Proposal,
    ProposalLine,
    Receipt,
    ReplacedProposal,
)
from encours.store.rights import actor_of, job
from encours.usecases import clock, posting, sales_history
from encours.usecases.accept_match import StaleProposalError, accept_match
from encours.usecases.allocate_receipt import GapDispute, HandLine, allocate_receipt
from encours.usecases.concession import OutsidePolicyError
from encours.usecases.difference_policy import change_difference_policy
from encours.usecases.engine_differences import name_differences
from encours.usecases.explain_difference import explain_difference
from encours.usecases.import_files import import_now
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import NotAllowedError
from encours.usecases.settle_receipt import offer_differences, settle_receipt
from encours.usecases.show_differences import show_differences
from encours.usecases.tie_ledger import tie_ledger
from encours.usecases.undo_match import undo_match
from encours.usecases.viewing import Viewing
from tests.usecases.books import folder, frame
from tests.usecases.clerks import assert_oracle, desk_book, free_of, load_desk, open_of, person, standing

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 31)


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path, settings: Settings) -> None:
    """The clerk's day, imported."""
    settings.HOME = tmp_path / "home"
    load_desk(tmp_path)


FULL = (HandLine("A:F1", 98_000), HandLine("A:F1", 2_000, "discount", cause="discount"))


def test_a_discount_within_its_terms_is_booked_with_its_cause() -> None:
    clerk = person("clerk")
    accepted = allocate_receipt(clerk, "A:r2", FULL)
    assert accepted.decision is not None
    assert (open_of("F1"), free_of("r2")) == (0, 0)
    row = DifferenceLine.objects.get()
    assert (row.cause, row.kind, row.amount, row.account, row.worth, row.outside) == (
        "discount",
        "discount",
        2_000,
        "665",
        0,
        "",
    )
    assert row.proof == "exactly the discount of 20.00 EUR offered until 2026-03-31"
    written = Allocation.objects.get(allocation_id=row.allocation_id)
    assert (written.kind, written.amount, written.source) == ("discount", 2_000, f"encours:{row.proposal_id}")
    again = allocate_receipt(clerk, "A:r2", FULL)
    assert again.decision == accepted.decision
    assert Allocation.objects.count() == 2
    assert_oracle(clock.today())
    assert audit.verify().intact


def test_one_receipt_with_a_discount_a_short_payment_an_advance_and_two_customers_and_all_of_it_back() -> None:
    clerk, before = person("clerk"), standing()
    lines = [
        *FULL,
        HandLine("A:F2", 45_000),
        HandLine("A:F2", 5_000, "", cause="price_short"),
        HandLine("A:F3", 30_000),
    ]
    dispute = GapDispute("price", item_id="A:F2")
    decision = allocate_receipt(clerk, "A:r1", lines, why="phone call", dispute=dispute, customer_id="A:0").decision
    assert decision is not None
    assert (open_of("F1"), open_of("F2"), open_of("F3")) == (0, 5_000, 0)
    assert free_of("r1") == 27_000
    assert standing()["whose"]["A:r1"] == "A:0"
    disputed = Dispute.objects.get(is_current=True)
    assert (disputed.item_id, disputed.amount, disputed.reason, disputed.owner) == ("A:F2", 5_000, "price", "sales")
    assert Advance.objects.get().amount == 27_000
    assert sorted(DifferenceLine.objects.values_list("cause", "kind")) == [
        ("discount", "discount"),
        ("price_short", ""),
    ]
    assert_oracle(clock.today())
    book = frames.read_book(["A"]).current()
    assert book.disputes.height == 1
    undo_match(clerk, decision.pk, "the wrong receipt")
    assert standing() == before
    assert not Dispute.objects.filter(is_current=True).exists()
    assert not Advance.objects.exists()
    assert frames.read_book(["A"]).current().disputes.height == 0
    assert set(Decision.objects.exclude(undoes=None).values_list("act", flat=True)) == {
        "undo_match",
        "undo_book_advance",
        "undo_open_dispute",
    }
    assert_oracle(clock.today())
    assert undo_match(clerk, decision.pk).undoes == decision
    assert allocate_receipt(clerk, "A:r1", lines).decision != decision, "after an undo it is a new match"


def test_the_engines_proposal_gives_way_and_learning_knows_whether_it_was_the_same() -> None:
    clerk = person("clerk")
    propose_matches(clerk, ["A"], DAY)
    proposal = Proposal.objects.filter(receipt_id="A:r2", state="open").exclude(decision="none").first()
    assert proposal is not None, "r2 is F1 less its discount"
    decision = allocate_receipt(clerk, "A:r2", [HandLine("A:F1", 98_000)]).decision
    replaced = ReplacedProposal.objects.get()
    assert (replaced.proposal_id, replaced.same) == (proposal.pk, False)
    proposal.refresh_from_db()
    assert proposal.state == Proposal.State.SUPERSEDED
    with pytest.raises(StaleProposalError):
        accept_match(clerk, proposal.pk)
    undo_match(clerk, decision.pk)
    proposal.refresh_from_db()
    assert proposal.state == Proposal.State.OPEN, "what the wrong match took the place of is there again"
    propose_matches(clerk, ["A"], DAY)
    again = Proposal.objects.filter(receipt_id="A:r2", state="open").exclude(decision="none").get()
    assert again.lines.count() == proposal.lines.count(), "the items were right, the amounts were wrong"
    proposal = again
    assert accept_match(clerk, proposal.pk).decision is not None


def test_a_credit_note_is_used_up_with_the_money() -> None:
    clerk = person("clerk")
    lines = [
        HandLine("A:F2", 50_000),
        HandLine("A:N1", -10_000, cause="credit_note"),
    ]
    found = explain_difference(Viewing(clerk, ("A",), DAY), "A:r3", {"A:F2": 50_000, "A:F3": 30_000})
    assert found.gap == 80_000 - 36_000
    allocate_receipt(clerk, "A:r1", lines)
    assert (open_of("F2"), open_of("N1"), free_of("r1")) == (0, 0, 160_000)
    assert DifferenceLine.objects.get().proof == "credit note N1 is open for exactly 100.00 EUR"
    credit = [HandLine("A:F1", 10_000, "credit", credit_item_id="A:N1", cause="credit_note")]
    with pytest.raises(StaleProposalError, match="no longer open"):
        allocate_receipt(clerk, "A:r2", credit)


def test_more_cash_than_owed_is_a_gain_of_cents() -> None:
    clerk = person("clerk")
    lines = [HandLine("A:F3", 30_050), HandLine("A:F3", -50, "write_off", cause="rounding")]
    allocate_receipt(clerk, "A:r3", lines)
    assert (open_of("F3"), free_of("r3")) == (0, 5_950)
    assert DifferenceLine.objects.get().account == "758"
    assert_oracle(clock.today())


def test_dollars_paid_in_euros_say_what_they_use() -> None:
    clerk = person("clerk")
    found = explain_difference(Viewing(clerk, ("A",), DAY), "A:r3", {"A:F4": 40_000})
    assert (found.gap, found.currency) == (40_000 - 45_000, "USD")
    keep = found.answer("overpayment")
    assert keep is not None
    assert keep.on_receipt == 4_000
    assert [(line.amount, line.receipt_amount) for line in keep.lines] == [(40_000, 32_000)]
    allocate_receipt(clerk, "A:r3", keep.lines)
    assert (open_of("F4"), free_of("r3")) == (0, 4_000)
    assert_oracle(clock.today())
    other = person("other")
    allocate_receipt(other, "A:r2", [HandLine("A:F1", 90_000), HandLine("A:F2", 8_000)])
    assert free_of("r2") == 0


def test_an_item_in_another_currency_alone_uses_the_rest() -> None:
    clerk = person("clerk")
    allocate_receipt(clerk, "A:r3", [HandLine("A:F3", 4_000), HandLine("A:F4", 40_000)])
    assert (open_of("F3"), open_of("F4"), free_of("r3")) == (26_000, 0, 0)
    assert Allocation.objects.get(item_id="A:F4").receipt_amount == 32_000


def test_what_is_outside_the_policy_takes_the_right_to_write_off() -> None:
    clerk, manager = person("clerk"), person("boss", "credit_manager")
    lines = [HandLine("A:F3", 22_000), HandLine("A:F3", 8_000, "charge", cause="bank_charge")]
    with pytest.raises(OutsidePolicyError, match=r"80\.00 EUR is beyond the limit; beyond the policy"):
        allocate_receipt(clerk, "A:r3", lines)
    assert not Proposal.objects.filter(rule="by_hand").exists()
    assert not Allocation.objects.exists()
    cut = [HandLine("A:F3", 22_000), HandLine("A:F3", 4_000, "charge", cause="bank_charge"), HandLine("A:F2", 8_000)]
    cut.append(HandLine("A:F2", 4_000, "charge", cause="bank_charge"))
    with pytest.raises(OutsidePolicyError):  # cut in two it is still one charge
        allocate_receipt(clerk, "A:r3", cut)
    assert allocate_receipt(manager, "A:r3", lines).decision is not None
    assert DifferenceLine.objects.get().worth == 8_000


def test_a_delegation_limits_what_is_given_up_even_inside_the_policy() -> None:
    Delegation.objects.create(entity_id="A", act="write_off", role_kind="cash_application", amount_max=500)
    clerk = person("clerk")
    charge = [HandLine("A:F3", 28_000), HandLine("A:F3", 2_000, "charge", cause="bank_charge")]
    with pytest.raises(NotAllowedError, match="amount_over_limit"):
        allocate_receipt(clerk, "A:r3", charge)
    small = [HandLine("A:F3", 29_600), HandLine("A:F3", 400, "charge", cause="bank_charge")]
    assert allocate_receipt(clerk, "A:r3", small).decision is not None
    assert allocate_receipt(clerk, "A:r2", FULL).decision is not None, "a discount of the terms gives nothing up"


def test_a_write_off_that_needs_two_is_signed_by_two() -> None:
    Delegation.objects.create(entity_id="A", act="write_off", role_kind="credit_manager", second_signature_from=5_000)
    first, second, clerk = person("one", "credit_manager"), person("two", "credit_manager"), person("clerk")
    lines = [HandLine("A:F3", 22_000), HandLine("A:F3", 8_000, "charge", cause="bank_charge")]
    asked = allocate_receipt(first, "A:r3", lines, customer_id="A:1")
    assert asked.waits_for_second
    assert not Allocation.objects.exists()
    assert allocate_receipt(first, "A:r3", lines, customer_id="A:1").waits_for_second
    assert Proposal.objects.filter(rule="by_hand").count() == 1
    waiting = Proposal.objects.get(rule="by_hand")
    with pytest.raises(CallError, match="waits for its second signature"):
        allocate_receipt(first, "A:r3", [HandLine("A:F3", 30_000)])
    propose_matches(first, ["A"], DAY)
    assert list(Proposal.objects.filter(receipt_id="A:r3", state="open")) == [waiting], "a run leaves it alone"
    with pytest.raises(NotAllowedError, match="own_act"):
        accept_match(first, waiting.pk)
    with pytest.raises(OutsidePolicyError):
        accept_match(clerk, waiting.pk)
    assert accept_match(second, waiting.pk).decision is not None
    assert (open_of("F3"), free_of("r3"), Advance.objects.get().customer_id) == (0, 14_000, "A:1")


def test_wrong_lines_are_refused_with_every_fault() -> None:
    clerk = person("clerk", "cash_application", "A", "B")
    wrong = [
        HandLine("B:G1", 1_000, "discount", cause="discount"),
        HandLine("A:nowhere", 1_000),
        HandLine("A:F1", -1_000),
        HandLine("A:F2", 100, "discount"),
        HandLine("A:F2", 100, "charge", cause="discount"),
        HandLine("A:F3", 0),
    ]
    with pytest.raises(CallError) as caught:
        allocate_receipt(clerk, "A:r1", wrong)
    assert caught.value.faults == [
        "item G1 belongs to another entity: only money settles it from here",
        "there is no item A:nowhere",
        "the amount of item F1 has the wrong sign",
        "each difference needs a cause",
        "a difference of the cause discount is not booked as charge",
        "an amount is zero",
    ]
    with pytest.raises(CallError, match="choose at least one item"):
        allocate_receipt(clerk, "A:r1", [])
    with pytest.raises(CallError, match="no longer has this money"):
        allocate_receipt(clerk, "A:r3", [HandLine("A:F1", 50_000)])
    with pytest.raises(CallError, match="no reason"):
        allocate_receipt(clerk, "A:r2", FULL, dispute=GapDispute("weather"))
    assert not Proposal.objects.filter(rule="by_hand").exists()


def test_who_may_not_or_does_not_see_is_refused() -> None:
    viewer, stranger = person("viewer", "viewer"), actor_of(person("x", "cash_application", "B").user)
    with pytest.raises(NotAllowedError, match="no_role"):
        allocate_receipt(viewer, "A:r2", FULL)
    with pytest.raises(NotAllowedError, match="not_visible"):
        allocate_receipt(stranger, "A:r2", FULL)
    with pytest.raises(CallError, match="there is no item A:F1"):
        allocate_receipt(stranger, "B:r1", [HandLine("A:F1", 1_000)])
    with pytest.raises(NotAllowedError, match="not_visible"):
        explain_difference(Viewing(stranger, ("B",), DAY), "A:r2", {})


def test_every_answer_can_be_posted_and_leaves_what_it_says() -> None:
    clerk = person("boss", "credit_manager")
    viewing = Viewing(clerk, ("A",), DAY)
    chosen = {"A:F1": 100_000}
    found = explain_difference(viewing, "A:r2", chosen)
    assert found.gap == 2_000
    assert found.answers[0].code == "discount"
    assert found.answers[0].may_book
    for answer in found.answers:
        before = standing()
        decision = allocate_receipt(clerk, "A:r2", answer.lines).decision
        assert decision is not None, answer.code
        assert free_of("r2") == answer.on_receipt
        assert_oracle(clock.today())
        undo_match(clerk, decision.pk)
        assert standing() == before
    exact = explain_difference(viewing, "A:r2", {"A:F1": 98_000})
    assert exact.gap == 0
    assert [line.amount for line in exact.answers[0].lines] == [98_000]


def test_the_policy_of_an_entity_counts_from_its_day() -> None:
    manager = person("admin", "administrator")
    with pytest.raises(CallError, match="magic is not a cause"):
        change_difference_policy(manager, "A", {"magic": {}})
    with pytest.raises(NotAllowedError):
        change_difference_policy(person("clerk"), "A", {})
    change_difference_policy(manager, "A", {"bank_charge": {"limit": 9_000, "account": "6278", "percent": 30}})
    lines = [HandLine("A:F3", 22_000), HandLine("A:F3", 8_000, "charge", cause="bank_charge")]
    assert allocate_receipt(person("other"), "A:r3", lines).decision is not None
    assert DifferenceLine.objects.get().account == "6278"


def test_a_retention_is_an_item_of_its_own_until_it_is_released() -> None:
    clerk, before = person("clerk"), standing()
    found = explain_difference(Viewing(clerk, ("A",), DAY), "A:r1", {"A:F1": 100_000, "A:F2": 50_000, "A:F3": 30_000})
    assert found.gap == -20_000, "more came than these items ask for"
    lines = [HandLine("A:F2", 47_500), HandLine("A:F2", 2_500, "netting", cause="retention")]
    decision = allocate_receipt(clerk, "A:r1", lines).decision
    kept = Item.objects.get(is_current=True, kind="retention")
    assert (kept.number, kept.part, kept.amount, kept.open, kept.ledger_account) == ("F2", "RG", 2_500, 2_500, "4117")
    assert kept.due_on == date(2027, 2, 1)
    assert kept.item_id == DifferenceLine.objects.get().allocation_id
    assert (open_of("F2"), free_of("r1")) == (0, 152_500)
    assert_oracle(clock.today())
    position = CustomerPosition.objects.get(customer_id="A:0", currency="EUR")
    assert position.balance == before["positions"][0]["balance"] - 47_500, "the customer owes it still"
    accounts = tie_ledger(clerk, "A", clock.today()).accounts
    decided = dict(accounts.filter(currency="EUR").select("account", "decided").iter_rows())
    assert decided == {"411": -50_000, "4117": 2_500}
    sold = sales_history.history("A")["EUR"].by_month
    assert sold == {date(2026, 2, 1): 170_000}, "the invoice counts whole, once"
    paid = allocate_receipt(clerk, "A:r3", [HandLine(kept.item_id, 2_500)]).decision
    with pytest.raises(CallError, match="the retention of F2 is paid in part or whole"):
        undo_match(clerk, decision.pk)
    undo_match(clerk, paid.pk)
    undo_match(clerk, decision.pk)
    after = standing()
    assert after == before
    assert_oracle(clock.today())
    too_much = [HandLine("A:F2", 40_000), HandLine("A:F2", 10_000, "netting", cause="retention")]
    with pytest.raises(OutsidePolicyError, match=r"100\.00 EUR is more than 5 % of the items"):
        allocate_receipt(clerk, "A:r1", too_much)


def test_an_engines_discount_beyond_its_day_waits_for_who_may_give_it() -> None:
    clerk, manager = person("clerk"), person("boss", "credit_manager")
    Item.objects.filter(item_id="A:F1").update(discount_on=date(2026, 3, 10))
    proposal = Proposal.objects.create(
        entity_id="A", receipt_id="A:r2", customer_id="A:0", decision="auto", rule="quoted_discount", confidence=1.0
    )
    for amount, kind in ((98_000, "cash"), (2_000, "discount")):
        ProposalLine.objects.create(proposal=proposal, item_id="A:F1", amount=amount, kind=kind)
    with pytest.raises(OutsidePolicyError, match="offered until 2026-03-10 and was taken 10 days late"):
        accept_match(clerk, proposal.pk)
    assert Proposal.objects.get(pk=proposal.pk).state == "open"
    assert accept_match(manager, proposal.pk).decision is not None
    row = DifferenceLine.objects.get()
    assert (row.cause, row.amount, row.worth, row.account) == ("discount", 2_000, 2_000, "665")
    assert Allocation.objects.get(allocation_id=row.allocation_id).kind == "discount"


def test_a_run_keeps_back_what_is_outside_the_policy() -> None:
    boss = person("boss", "administrator")
    proposals = []
    for name, item, cash, off in (("r2", "F1", 98_000, 2_000), ("r3", "F3", 24_000, 6_000)):
        proposal = Proposal.objects.create(
            entity_id="A", receipt_id=f"A:{name}", decision="auto", rule="quoted_charge", confidence=1.0
        )
        for amount, kind in ((cash, "cash"), (off, "discount" if name == "r2" else "charge")):
            ProposalLine.objects.create(proposal=proposal, item_id=f"A:{item}", amount=amount, kind=kind)
        proposals.append(proposal)
    lines = posting.read_lines(proposals)
    facts = posting.read_facts(proposals, lines)
    outside = name_differences(proposals, lines, facts)
    assert outside == {proposals[1].pk: ["60.00 EUR is beyond the limit"]}
    assert name_differences(proposals, lines, facts) == outside
    assert DifferenceLine.objects.count() == 2, "named once"
    change_difference_policy(boss, "A", {"bank_charge": {"limit": 6_000}})
    assert name_differences(proposals, lines, facts) == {}, "judged by the policy of the day"


def _proposed(receipt: str, item: str, amount: int) -> Proposal:
    proposal = Proposal.objects.create(
        entity_id="A", receipt_id=receipt, decision="review", rule="quoted_part", confidence=0.9
    )
    ProposalLine.objects.create(proposal=proposal, item_id=item, amount=amount, kind="cash")
    return proposal


@pytest.mark.parametrize(
    ("receipt", "item", "cash", "left"),
    [
        ("A:r2", "A:F1", 98_000, ("discount", 2_000, "665", "accounting")),  # just what the terms offer
        ("A:r3", "A:F2", 36_000, ("part_payment", 14_000, "411", "collection")),
        ("A:r3", "A:F3", 30_000, ("overpayment", -6_000, "4191", "cash_application")),
    ],
)
def test_what_a_proposal_leaves_has_one_cause_and_nothing_is_booked_for_it(
    receipt: str, item: str, cash: int, left: tuple[str, int, str, str]
) -> None:
    accept_match(person("clerk"), _proposed(receipt, item, cash).pk)
    row = DifferenceLine.objects.get()
    assert (row.cause, row.amount, row.account, row.owner) == left
    assert (row.kind, row.worth, row.allocation_id, row.item_id) == ("", 0, None, item)
    assert row.proof
    assert_oracle(clock.today())


def test_what_is_left_is_counted_beside_what_went_before_and_ends_when_it_is_cleared() -> None:
    clerk = person("clerk")
    viewing = Viewing(clerk, ("A",), clock.today())
    first, second = _proposed("A:r3", "A:F2", 36_000), _proposed("A:r1", "A:F2", 14_000)
    lines = posting.read_lines([first, second])
    name_differences([first, second], lines, posting.read_facts([first, second], lines))
    rows = DifferenceLine.objects.order_by("pk").values_list("proposal_id", "cause", "amount")
    assert list(rows) == [(first.pk, "part_payment", 14_000), (second.pk, "overpayment", -186_000)]
    accept_match(clerk, first.pk)
    assert [row.cause for row in show_differences(viewing)] == ["part_payment"]
    accept_match(clerk, second.pk)
    assert [row.cause for row in show_differences(viewing)] == ["overpayment"]


def test_the_desk_offers_causes_for_what_a_proposal_leaves_open() -> None:
    clerk = person("clerk")
    viewing = Viewing(clerk, ("A",), clock.today())
    proposal = _proposed("A:r2", "A:F1", 98_000)
    settled = {"A:F1": 98_000}
    offered = offer_differences(viewing, "A:r2", settled, proposal.pk)
    assert (offered.gap, offered.rest) == (0, 2_000)
    codes = [one.code for one in offered.choices]
    assert codes[:2] == ["proposed", "whole:discount"]
    assert offered.choices[0].best
    assert "whole:part_payment" not in codes  # that is what leaving it means
    settle_receipt(viewing, "A:r2", settled, "whole:discount", proposal.pk)
    assert (open_of("F1"), free_of("r2")) == (0, 0)
    own = offer_differences(viewing, "A:r3", {"A:F2": 36_000})
    assert (own.rest, own.choices[0].code) == (14_000, "open")
    for _ in range(2):  # the same lines twice are once, though a cause of the rest was added to them
        allocate_receipt(clerk, "A:r3", [HandLine("A:F2", 36_000)])
    assert DifferenceLine.objects.filter(cause="part_payment", amount=14_000).count() == 1
    assert_oracle(clock.today())


def test_a_payment_that_came_back_is_taken_back_by_hand() -> None:
    clerk = person("clerk")
    allocate_receipt(clerk, "A:r3", [HandLine("A:F3", 30_000)])
    Receipt.objects.create(
        receipt_id="A:back",
        entity_id="A",
        account="512",
        booked_on=date(2026, 3, 25),
        amount=-36_000,
        unapplied=-36_000,
        currency="EUR",
        kind="return",
        origin="bank",
        returns_receipt_id="A:r3",
    )
    with pytest.raises(CallError, match="wrong sign"):
        allocate_receipt(clerk, "A:back", [HandLine("A:F3", 30_000)])
    with pytest.raises(CallError, match="books no difference"):
        allocate_receipt(clerk, "A:back", [HandLine("A:F3", -30_000, "charge", cause="bank_charge")])
    assert allocate_receipt(clerk, "A:back", [HandLine("A:F3", -30_000)]).decision is not None
    assert (open_of("F3"), free_of("back")) == (30_000, -6_000)


def test_a_retention_gives_way_with_its_match_to_the_letters_of_the_erp(tmp_path: Path) -> None:
    clerk = person("clerk")
    lines = [HandLine("A:F2", 47_500), HandLine("A:F2", 2_500, "netting", cause="retention")]
    allocate_receipt(clerk, "A:r1", lines)
    letter = {"allocation_id": "A:letter", "item_id": "A:F2", "amount": 50_000, "kind": "cash", "source": "fec"}
    book = desk_book()
    letters = frame("allocations", [letter | {"allocated_on": date(2026, 3, 25)}])
    told = book.replace(allocations=letters)
    import_now(job("test"), None, [folder(told, tmp_path / "again")])
    assert (open_of("F2"), free_of("r1")) == (0, 200_000), "the ERP's letter wins"
    assert not Item.objects.filter(kind="retention", is_current=True).exists(), "it is not owed twice"
    assert_oracle(clock.today())
