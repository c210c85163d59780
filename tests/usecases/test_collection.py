"""What customers say and what follows: contacts, promises kept and broken, plans, holds, tasks, notices, disputes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from pytest_django import Settings

from encours.core.base.issue import CallError
from encours.core.dunning.result import INTERNAL
from encours.store import audit
from encours.store.models import (
    Absence,
    Contact,
    ContactOutcome,
    Delegation,
    Dispute,
    Event,
    Hold,
    Item,
    Message,
    PaymentPlan,
    PlannedAction,
    PlannedLine,
    Portfolio,
    Promise,
    PromiseResult,
    Role,
    SalesDigest,
    StepNotice,
    Task,
    Touch,
    User,
)
from encours.store.rights import Actor, actor_of, job
from encours.usecases import log_contact
from encours.usecases.agree_plan import agree_plan
from encours.usecases.answer_notice import answer_notice, decide_objection
from encours.usecases.follow_dispute import assign_dispute, close_dispute, due_of
from encours.usecases.hold_dunning import ask_hold, decide_hold, hold_dunning, lift_hold
from encours.usecases.import_files import import_now
from encours.usecases.judge_promises import judge_promises
from encours.usecases.log_contact import Logged
from encours.usecases.manage_contacts import ContactForm, add_contact, change_contact, remove_contact
from encours.usecases.manage_tasks import NewTask, close_task, does_for, open_task, reassign_task, save_absence
from encours.usecases.record_promise import record_promise
from encours.usecases.rights import NotAllowedError
from encours.usecases.tell_sales import tell_sales
from encours.usecases.write_comment import write_comment
from tests.usecases.books import folder
from tests.usecases.clerks import a_receipt, an_item, load_desk, person, two_entities
from tests.usecases.conftest import OnDay
from tests.usecases.promised import bank_reaches, money_came

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 5, 4)


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path, settings: Settings, on: OnDay) -> None:
    """The clerk's day, imported; it is a Monday in May, everything is late."""
    settings.HOME = tmp_path / "home"
    on(MONDAY)
    load_desk(tmp_path)


@pytest.fixture
def collector() -> Actor:
    return person("collector", "collector")


def said(outcome: str, key: str = "k1", **more: object) -> Logged:
    return Logged("A:0", outcome, key, **more)  # type: ignore[arg-type]  # a form's fields


def test_a_payment_announced_holds_until_three_worked_days_after_its_date_and_is_broken_then(
    collector: Actor, tmp_path: Path, on: OnDay
) -> None:
    spoken = said("payment_announced", on=date(2026, 5, 7), amount=120_000, reference="VIR 4711")
    row = log_contact.log_contact(collector, spoken)
    assert log_contact.log_contact(collector, spoken) == row, "the form sent twice is one call"
    assert Touch.objects.get().outcome == "payment_announced"
    results = {one.item_id: one for one in PromiseResult.objects.all()}
    assert {item: one.amount for item, one in results.items()} == {"A:F1": 100_000, "A:F2": 20_000}
    assert results["A:F1"].held_until == date(2026, 5, 13), "8 May is a holiday and a Friday"
    assert Promise.objects.filter(kind="payment_announced", due_on=date(2026, 5, 7)).count() == 2
    judge_promises(job("test"), ["A"])
    assert set(PromiseResult.objects.values_list("state", flat=True)) == {"pending"}

    on(date(2026, 5, 14))
    judge_promises(job("test"), ["A"])
    assert set(PromiseResult.objects.values_list("state", flat=True)) == {"pending"}, "the bank's data ends before"
    bank_reaches(tmp_path, date(2026, 5, 13))
    (judged,) = judge_promises(job("test"), ["A"])
    assert (judged.broken, judged.kept) == (2, 0)
    assert Event.objects.filter(kind="promise_broken", is_current=True).count() == 2
    task = Task.objects.get(kind="promise_broken")
    assert task.owner == collector.user, "one call for both items, by who took the promise"
    assert (task.item_id, set(task.detail.split(", "))) == (None, {"F1", "F2"})
    (again,) = judge_promises(job("test"), ["A"])
    assert (again.broken, again.kept, again.mended) == (0, 0, 0)

    money_came(tmp_path, "late-file", "F1", 100_000, date(2026, 5, 12))
    (judged,) = judge_promises(job("test"), ["A"])
    assert (judged.mended, judged.kept) == (1, 1), "a file that came late shows that the money was in time"
    assert PromiseResult.objects.get(item_id="A:F1").state == "kept"
    task.refresh_from_db()
    assert (task.state, task.item_id, task.detail) == ("open", "A:F2", ""), "what is left of the promise"
    assert not Event.objects.filter(kind="promise_broken", subject_id="A:F1", is_current=True).exists()
    assert audit.verify().intact


def test_a_broken_promise_whose_items_were_paid_since_asks_nobody_to_call(
    collector: Actor, tmp_path: Path, on: OnDay
) -> None:
    record_promise(collector, "A:0", date(2026, 5, 6), key="p", items=["A:F1"])
    money_came(tmp_path, "late", "F1", 100_000, date(2026, 5, 18))
    on(date(2026, 5, 20))
    bank_reaches(tmp_path, date(2026, 5, 19))
    (judged,) = judge_promises(job("test"), ["A"])
    assert judged.broken == 1
    assert not Task.objects.filter(kind="promise_broken").exists()


def test_the_task_of_a_broken_promise_ends_once_what_was_promised_is_paid_late(
    collector: Actor, tmp_path: Path, on: OnDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_promise(collector, "A:0", date(2026, 5, 6), key="p", items=["A:F1", "A:F2"])
    on(date(2026, 5, 20))
    bank_reaches(tmp_path, date(2026, 5, 19))
    judge_promises(job("test"), ["A"])
    task = Task.objects.get(kind="promise_broken")
    assert set(task.detail.split(", ")) == {"F1", "F2"}

    on(date(2026, 5, 22))
    money_came(tmp_path, "first", "F1", 60_000, date(2026, 5, 21))
    judge_promises(job("test"), ["A"])
    assert set(Task.objects.get(kind="promise_broken").detail.split(", ")) == {"F1", "F2"}, "the rest is owed"
    money_came(tmp_path, "second", "F1", 40_000, date(2026, 5, 22))
    judge_promises(job("test"), ["A"])
    task.refresh_from_db()
    assert (task.state, task.item_id, task.detail) == ("open", "A:F2", ""), "of one of them nothing is owed any more"

    on(date(2026, 8, 3))  # longer after than promises are judged anew
    money_came(tmp_path, "third", "F2", 50_000, date(2026, 8, 1))
    before = audit.verify().entries
    with monkeypatch.context() as killed:
        killed.setattr("encours.usecases.manage_tasks._audit", None)
        with pytest.raises(TypeError):
            judge_promises(job("test"), ["A"])
    assert (Task.objects.get(pk=task.pk).state, audit.verify().entries) == ("open", before), "all of it or nothing"
    judge_promises(job("nightly"), ["A"])
    judge_promises(job("nightly"), ["A"])
    task.refresh_from_db()
    assert (task.state, task.outcome, task.closed_by) == ("dropped", "what was promised has been paid since", None)
    assert set(PromiseResult.objects.values_list("state", flat=True)) == {"broken"}, "late is not kept"
    assert Event.objects.filter(kind="promise_broken", is_current=True).count() == 2
    assert audit.verify().entries == before + 1


def test_a_part_of_an_item_that_was_promised_and_paid_late_ends_the_call_not_the_debt(
    collector: Actor, tmp_path: Path, on: OnDay
) -> None:
    record_promise(collector, "A:0", date(2026, 5, 6), key="p", items=["A:F1"], amount=30_000)
    on(date(2026, 5, 20))
    bank_reaches(tmp_path, date(2026, 5, 19))
    judge_promises(job("test"), ["A"])
    money_came(tmp_path, "late", "F1", 30_000, date(2026, 5, 20))
    judge_promises(job("test"), ["A"])
    assert Task.objects.get(kind="promise_broken").state == "dropped"
    assert Item.objects.get(item_id="A:F1", is_current=True).open == 70_000


def test_money_that_waits_to_be_applied_keeps_a_promise_once(collector: Actor, tmp_path: Path, on: OnDay) -> None:
    record_promise(collector, "A:0", date(2026, 5, 6), key="p", items=["A:F1", "A:F2"])
    book = two_entities([], receipts=[a_receipt("A", "x", 100_000, booked_on=date(2026, 5, 7), customer_id="A:0")])
    import_now(job("test"), None, [folder(book, tmp_path / "x")])
    on(date(2026, 5, 20))
    bank_reaches(tmp_path, date(2026, 5, 19))
    judge_promises(job("test"), ["A"])
    states = dict(PromiseResult.objects.values_list("item_id", "state"))
    assert states == {"A:F1": "kept", "A:F2": "broken"}
    assert PromiseResult.objects.get(item_id="A:F1").evidence == ["A:x"]


def test_a_new_promise_takes_the_place_of_one_that_is_not_due(collector: Actor) -> None:
    record_promise(collector, "A:0", MONDAY + timedelta(days=2), key="p1", items=["A:F1"])
    (new,) = record_promise(collector, "A:0", MONDAY + timedelta(days=9), key="p2", items=["A:F1"])
    assert record_promise(collector, "A:0", MONDAY + timedelta(days=9), key="p2", items=["A:F1"]) == [new]
    assert dict(PromiseResult.objects.values_list("promise_id", "state")) == {
        "A:encours-p1-1": "withdrawn", "A:encours-p2-1": "pending",
    }  # fmt: skip
    assert list(Promise.objects.filter(is_current=True).values_list("promise_id", flat=True)) == ["A:encours-p2-1"]
    with pytest.raises(CallError, match="today or later"):
        record_promise(collector, "A:0", MONDAY - timedelta(days=1), key="p3")
    with pytest.raises(CallError, match="not open at this customer"):
        record_promise(collector, "A:0", MONDAY, key="p4", items=["A:F3"])


def test_instalments_follow_one_by_one_and_a_missed_one_ends_the_plan(
    collector: Actor, tmp_path: Path, on: OnDay
) -> None:
    parts = ((date(2026, 5, 11), 70_000), (date(2026, 6, 11), 80_000))
    log_contact.log_contact(collector, said("instalments", parts=parts, items=("A:F1", "A:F2")))
    assert not PaymentPlan.objects.exists(), "a collector may not agree to it alone"
    assert Task.objects.get().kind == "decide_plan"
    assert set(Hold.objects.values_list("state", "reason")) == {("standing", "plan_asked")}
    manager = person("manager", "credit_manager")
    with pytest.raises(NotAllowedError):
        agree_plan(collector, "A:0", parts, key="plan", items=["A:F1", "A:F2"])
    with pytest.raises(CallError, match="do not add up"):
        agree_plan(manager, "A:0", parts, key="plan", items=["A:F1"])
    plan = agree_plan(manager, "A:0", parts, key="plan", items=["A:F1", "A:F2"])
    assert agree_plan(manager, "A:0", parts, key="plan", items=["A:F1", "A:F2"]) == plan
    told = list(plan.instalments.order_by("pk").values_list("item_id", "due_on", "amount"))
    assert told == [
        ("A:F1", parts[0][0], 70_000), ("A:F1", parts[1][0], 30_000), ("A:F2", parts[1][0], 50_000),
    ]  # fmt: skip

    money_came(tmp_path, "first", "F1", 70_000, date(2026, 5, 12))
    on(date(2026, 5, 20))
    bank_reaches(tmp_path, date(2026, 5, 20))
    judge_promises(job("test"), ["A"])
    assert list(plan.instalments.order_by("pk").values_list("state", flat=True)) == ["kept", "pending", "pending"]
    on(date(2026, 6, 22))
    bank_reaches(tmp_path, date(2026, 6, 22))
    judge_promises(job("test"), ["A"])
    plan.refresh_from_db()
    assert plan.state == "broken"
    decision = Task.objects.get(kind="plan_broken", owner_role="credit_manager")
    for item, amount, state in (("F1", 30_000, "open"), ("F2", 50_000, "dropped")):
        money_came(tmp_path, f"late-{item}", item, amount, date(2026, 6, 22))
        judge_promises(job("test"), ["A"])
        decision.refresh_from_db()
        assert decision.state == state, "open while something of the plan is owed"


def test_a_plan_that_is_paid_is_kept(tmp_path: Path, on: OnDay) -> None:
    manager = person("manager", "credit_manager")
    parts = ((date(2026, 5, 5), 20_000), (date(2026, 5, 6), 30_000))
    plan = agree_plan(manager, "A:0", parts, key="plan", items=["A:F2"])
    money_came(tmp_path, "all", "F2", 50_000, date(2026, 5, 5))
    on(date(2026, 5, 6))
    judge_promises(job("test"), ["A"])
    plan.refresh_from_db()
    assert plan.state == "kept"


def test_each_outcome_does_what_a_collector_expects(collector: Actor) -> None:
    """Outcome -> the task it opens and the hold it makes, of the one item that was named."""
    expected = {
        "copy_wanted": ("send_copy", "copy_wanted"),
        "not_received": ("send_copy", "not_received"),
        "awaiting_approval": ("call_back", "awaiting_approval"),
        "wrong_contact": ("find_contact", None),
        "not_reached": ("call_back", None),
        "refuses": ("decide_refusal", None),
        "answered": (None, None),
    }
    for outcome, (task, reason) in expected.items():
        row = log_contact.log_contact(collector, said(outcome, outcome, items=("A:F1",), detail="as they said"))
        opened = Task.objects.filter(origin=f"outcome:{row.pk}").values_list("kind", flat=True)
        assert list(opened) == ([task] if task else []), outcome
        held = list(row.holds.values_list("reason", "item_id", "state"))
        assert held == ([(reason, "A:F1", "standing")] if reason else []), outcome
        touch = Touch.objects.get(touch_id=row.touch_id)
        assert (touch.channel, touch.item_id, touch.outcome, touch.sent_on) == ("call", "A:F1", outcome, MONDAY)


def test_a_planned_call_counts_as_made_only_when_somebody_was_reached(collector: Actor) -> None:
    action = PlannedAction.objects.create(
        entity_id="A", action_id="A|A:0|call", day=MONDAY, customer_id="A:0", currency="EUR", scenario="sme",
        step="call-10", channel="call", mode="task", amount=150_000,
    )  # fmt: skip
    for item in ("A:F1", "A:F2"):
        PlannedLine.objects.create(action=action, item_id=item, amount=1)
    log_contact.log_contact(collector, said("not_reached", "k1", action_id=action.action_id))
    action.refresh_from_db()
    assert (action.state, action.snoozed_until, action.outcome) == (
        "planned",
        MONDAY + timedelta(days=1),
        "not_reached",
    )
    assert Touch.objects.get().level is None
    log_contact.log_contact(collector, said("promise", "k2", on=MONDAY, action_id=action.action_id))
    action.refresh_from_db()
    assert (action.state, action.done_by) == ("done", collector.user)
    made = set(Touch.objects.filter(level="call-10").values_list("item_id", "outcome"))
    assert made == {("A:F1", "promise"), ("A:F2", "promise")}


def test_a_contact_is_all_or_nothing(collector: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies at the last write leaves nothing behind; what is done again is done once."""

    def dies(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(log_contact, "decide_promise", dies)
        with pytest.raises(MemoryError):
            log_contact.log_contact(collector, said("promise", on=MONDAY))
    models = (Touch, Promise, PromiseResult, ContactOutcome)
    assert [model.objects.count() for model in models] == [0, 0, 0, 0]
    log_contact.log_contact(collector, said("promise", on=MONDAY))
    assert [model.objects.count() for model in models] == [1, 2, 2, 1]


def test_sales_log_an_answer_in_their_portfolio_and_only_ask_for_what_others_decide() -> None:
    sales = owner_of("0")
    log_contact.log_contact(sales, said("awaiting_approval", detail="signed on Friday"))
    assert Hold.objects.get().state == "asked", "nothing is held by sales alone"
    log_contact.log_contact(sales, said("dispute", "k2", items=("A:F1",), reason="price", amount=5_000))
    assert not Dispute.objects.exists()
    assert Task.objects.filter(kind="open_dispute", owner_role="collector").exists()
    with pytest.raises(NotAllowedError):
        log_contact.log_contact(sales, Logged("A:1", "answered", "k3"))
    with pytest.raises(NotAllowedError):
        hold_dunning(sales, "A:0", "commercial", MONDAY)
    with pytest.raises(NotAllowedError):
        add_contact(sales, "A:0", ContactForm("buyer", email="a@example.com"))


def owner_of(customer: str) -> Actor:
    """A sales person whose customers are those that a portfolio names by its sales owner."""
    seller = person("seller", "sales")
    portfolio = Portfolio.objects.create(entity_id="A", name="hers", sales_owner="Seller One")
    Role.objects.filter(user=seller.user).update(portfolio=portfolio)
    from encours.store.models import Customer

    Customer.objects.filter(customer_id=f"A:{customer}").update(sales_owner="Seller One")
    assert seller.user is not None
    return actor_of(User.objects.get(pk=seller.user.pk))


def test_a_dispute_on_the_telephone_is_opened_followed_and_closed(collector: Actor) -> None:
    log_contact.log_contact(collector, said("dispute", items=("A:F1",), reason="price", amount=5_000, detail="n/s"))
    dispute = Dispute.objects.get(is_current=True)
    assert (dispute.amount, dispute.owner, due_of(dispute, "FR")) == (5_000, "sales", date(2026, 5, 20))
    boss = person("boss", "credit_manager").user
    assert boss is not None
    care = assign_dispute(collector, dispute.dispute_id, boss.pk, date(2026, 5, 8), "credit_note")
    assert assign_dispute(collector, dispute.dispute_id, boss.pk, date(2026, 5, 8), "credit_note") == care
    assert Task.objects.filter(kind="settle_dispute", owner=boss).count() == 1
    assert Message.objects.filter(purpose="internal", to=[boss.email]).count() == 1
    close_dispute(collector, dispute.dispute_id, "credit_note")
    assert set(Task.objects.values_list("kind", "state")) == {("settle_dispute", "done"), ("issue_credit_note", "open")}
    with pytest.raises(CallError, match="the dispute is closed"):
        assign_dispute(collector, dispute.dispute_id, None)


def test_holds_have_an_author_a_reason_and_an_end(collector: Actor) -> None:
    until = MONDAY + timedelta(days=7)
    hold = hold_dunning(collector, "A:0", "negotiation", until, why="they talk to sales")
    assert hold_dunning(collector, "A:0", "negotiation", until) == hold
    with pytest.raises(CallError, match="three months"):
        hold_dunning(collector, "A:0", "negotiation", MONDAY + timedelta(days=365))
    with pytest.raises(CallError, match="no reason"):
        hold_dunning(collector, "A:0", "because", until)
    assert lift_hold(collector, hold.pk).state == "lifted"
    Delegation.objects.create(entity_id="A", act="hold_dunning", role_kind="collector", second_signature_from=1)
    assert collector.user is not None
    two = hold_dunning(actor_of(collector.user), "A:0", "legal", until)
    assert two.state == "asked", "a second person signs"
    with pytest.raises(NotAllowedError, match="own_act"):
        decide_hold(actor_of(collector.user), two.pk, granted=True)
    manager = person("manager", "credit_manager")
    assert decide_hold(manager, two.pk, granted=True, until_on=MONDAY).until_on == MONDAY
    assert Task.objects.get(kind="decide_hold").state == "done"


def test_what_sales_ask_for_reaches_the_credit_manager(collector: Actor) -> None:
    manager = person("manager", "credit_manager").user
    assert manager is not None
    hold = ask_hold(owner_of("0"), "A:0", "commercial", MONDAY + timedelta(days=5), why="a large order is coming")
    assert hold.state == "asked"
    message = Message.objects.get()
    assert (message.to, message.state, message.customer_id) == ([manager.email], "queued", None)
    assert "a large order is coming" in message.text
    assert decide_hold(actor_of(manager), hold.pk, granted=False, answer="no").state == "refused"


def test_tasks_go_to_the_stand_in_and_are_closed_once(collector: Actor) -> None:
    other = person("other", "collector").user
    mine = collector.user
    assert mine is not None
    assert other is not None
    away = save_absence(collector, mine.pk, MONDAY, MONDAY + timedelta(days=4), other.pk)
    assert save_absence(collector, mine.pk, MONDAY, MONDAY + timedelta(days=4), other.pk) == away
    task = open_task(
        person("boss", "credit_manager"), NewTask("A", "other", MONDAY, title="Look at it", owner_id=mine.pk)
    )
    assert Message.objects.get().to == [other.email]
    assert does_for(other.pk, MONDAY) == {mine.pk, other.pk}
    assert does_for(other.pk, MONDAY + timedelta(days=5)) == {other.pk}
    assert close_task(actor_of(other), task.pk, "done").state == "done"
    assert close_task(actor_of(other), task.pk, "again").outcome == "done"
    with pytest.raises(CallError, match="closed already"):
        reassign_task(collector, task.pk, other.pk)
    with pytest.raises(CallError, match="stands in for themselves"):
        save_absence(collector, mine.pk, MONDAY, MONDAY, mine.pk)
    with pytest.raises(NotAllowedError):
        save_absence(person("looker", "viewer"), mine.pk, MONDAY, MONDAY, other.pk)
    assert Absence.objects.count() == 1


def test_comments_reach_those_who_are_mentioned_and_may_see_the_customer(collector: Actor) -> None:
    seller = owner_of("1").user
    assert seller is not None
    person("stranger", "collector", "B")
    text = "@seller and @stranger and @nobody: see write to a@manager.com"
    row = write_comment(collector, "customer", "A:1", text, key="c1")
    assert write_comment(collector, "customer", "A:1", text, key="c1") == row
    assert row.mentions == [seller.pk]
    write_comment(collector, "item", "A:F1", "@seller does not see this one", key="c2")
    assert list(Message.objects.values_list("to", flat=True)) == [[seller.email]]
    with pytest.raises(NotAllowedError):
        write_comment(actor_of(seller), "customer", "A:0", "not mine", key="c3")


def test_contacts_are_versions_and_the_audit_names_nobody(collector: Actor) -> None:
    form = ContactForm("accounts_payable", "Jeanne", "jeanne@client.example", language="en", opt_out=("sms", "call"))
    row = add_contact(collector, "A:0", form)
    assert add_contact(collector, "A:0", form) == row
    changed = change_contact(collector, row.contact_id, ContactForm("cfo", "Jeanne", "j@client.example"))
    assert (changed.role, changed.opt_out, Contact.objects.count()) == ("cfo", None, 2)
    remove_contact(collector, row.contact_id)
    remove_contact(collector, row.contact_id)
    assert not Contact.objects.filter(is_current=True).exists()
    told = str(list(audit.AuditEntry.objects.values_list("before", "after", "why")))
    assert "jeanne" not in told.lower()
    with pytest.raises(CallError, match="needs a role"):
        add_contact(collector, "A:0", ContactForm("", email="nonsense"))


def test_sales_are_told_once_and_may_object_while_the_hours_run(collector: Actor, on: OnDay) -> None:
    seller = owner_of("0")
    row = {
        "entity_id": "A", "owner": "Seller One", "customer_id": "A:0", "currency": "EUR", "scenario": "sme",
        "step": "formal-30", "on": MONDAY, "goes_on": MONDAY + timedelta(days=2), "amount": 150_000,
        "items": ["A:F1", "A:F2"], "to": "sales_owner", "template": "notice",
    }  # fmt: skip
    asked = pl.DataFrame([row | {"kind": "notice"}, row | {"kind": "digest"}], schema=INTERNAL)
    assert tell_sales(job("test"), "A", asked, MONDAY) == 2
    assert tell_sales(job("test"), "A", asked, MONDAY) == 0, "each once"
    assert SalesDigest.objects.get().week_on == MONDAY
    digest = Message.objects.get(step="digest")
    assert "Client 0" in digest.text
    assert "formal-30" in digest.text, "what is asked of them stands in it"
    notice = StepNotice.objects.get()
    assert (notice.hours, notice.asked_of) == (48, seller.user)
    with pytest.raises(CallError, match="why you object"):
        answer_notice(seller, notice.pk, objects=True, until_on=MONDAY)
    until = MONDAY + timedelta(days=10)
    answer_notice(seller, notice.pk, objects=True, reason="they pay on signing", until_on=until)
    with pytest.raises(NotAllowedError):
        decide_objection(collector, notice.pk, upheld=True)
    manager = person("manager", "credit_manager")
    decided = decide_objection(manager, notice.pk, upheld=True)
    assert (decided.decision, decided.until_on) == ("upheld", until)
    StepNotice.objects.update(answer="", decision="")
    on(MONDAY + timedelta(days=3))
    with pytest.raises(CallError, match="time to object is over"):
        answer_notice(seller, notice.pk, objects=True, reason="too late", until_on=until)


def test_an_item_on_which_nothing_is_open_cannot_be_promised(collector: Actor, tmp_path: Path) -> None:
    book = two_entities([("A", "2")], items=[an_item("A", "2", "C1", -100)])
    import_now(job("test"), None, [folder(book, tmp_path / "credit")])
    with pytest.raises(CallError, match="nothing is open"):
        record_promise(collector, "A:2", MONDAY, key="p")
