"""The promise about errors, from judgement to post and back: certified, limited, audited, switched off, rewound."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from encours.core.base.issue import CallError
from encours.core.matching.certificate import draw
from encours.store import audit
from encours.store.models import (
    AuditEntry,
    Decision,
    Item,
    MatchAudit,
    MatchCertificate,
    Proposal,
    Receipt,
    Run,
    StratumSwitch,
    User,
)
from encours.store.rights import Actor, actor_of, job
from encours.usecases import allow_posts, clock
from encours.usecases.accept_match import accept_match, accept_matches, reject_match
from encours.usecases.allocate_receipt import HandLine, allocate_receipt
from encours.usecases.apply_receipts import AppliedRun, apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from encours.usecases.certify_matching import certify_matching
from encours.usecases.error_budget import allow_prior, error_budget, set_error_budget, stop_prior
from encours.usecases.judge_match import judge_match
from encours.usecases.judged_receipts import judged_receipts
from encours.usecases.mark_not_customer import mark_not_customer
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rewind_run import rewind_run
from encours.usecases.rights import NotAllowedError
from encours.usecases.run_nightly import run_nightly
from encours.usecases.standing_promise import standing_promise
from encours.usecases.switch_stratum import switch_stratum
from encours.usecases.undo_match import undo_match
from encours.usecases.watch_promise import watch_promise
from tests.usecases.judged import add_history, load
from tests.usecases.waiting import person

pytestmark = pytest.mark.django_db
WHY = "the first month was looked through"


def run() -> AppliedRun:
    return apply_receipts(job("test"), ["A"])[0]


def open_proposals() -> dict[str, Proposal]:
    rows = Proposal.objects.filter(state=Proposal.State.OPEN).exclude(decision="none")
    return {row.receipt_id: row for row in rows}


def everything_drawn(monkeypatch: pytest.MonkeyPatch, rate: float = 1.0) -> None:
    monkeypatch.setattr(allow_posts, "draw", partial(draw, rate=rate))


# What certifies.


def test_too_little_history_lets_only_proofs_post(tmp_path: Path) -> None:
    load(tmp_path, quoted=False)
    clerk = person("clerk", "cash_application")
    activate_automatic_posting(job("test"), "A", WHY)
    set_error_budget(person("manager"), "A", 0.01, WHY)
    add_history(clerk, 250)
    certify_matching(clerk, ["A"], force=True)
    row = standing_promise("A").certificate
    assert row is not None
    assert (row.row()["certified"], row.row()["judged"], row.row()["supports"]) == (False, 250, 0.02)
    assert "takes 299 without an error" in row.row()["says"]
    done = run()
    assert (done.posted, done.auto, done.review) == (0, 0, 3)


def test_enough_clean_history_lets_more_post_and_each_post_says_why(tmp_path: Path) -> None:
    load(tmp_path, quoted=False)
    clerk = person("clerk", "cash_application")
    activate_automatic_posting(job("test"), "A", WHY)
    set_error_budget(person("manager"), "A", 0.01, WHY)
    assert run().posted == 0
    add_history(clerk, 400)
    made = certify_matching(clerk, ["A"], force=True)[0]
    assert made.strata.get(stratum="all").certified
    done = run()
    assert (done.posted, done.kept_back) == (3, ())
    entry = AuditEntry.objects.filter(act="accept_match").order_by("number")[0]
    assert entry.after["via"] == "certificate"
    assert entry.after["stratum"] == "amount_only"
    assert 0 <= entry.after["threshold"] < 1
    told = Run.objects.get(pk=done.run_id).summary
    assert (told["strata"], told["via"], told["model"]) == ({"amount_only": 3}, {"certificate": 3}, made.model)
    assert audit.verify().intact


def test_a_certificate_does_not_cover_more_than_the_limit_it_was_made_for(tmp_path: Path) -> None:
    load(tmp_path, quoted=False)
    activate_automatic_posting(person("manager"), "A", WHY, 9_999)
    set_error_budget(person("other"), "A", 0.01, WHY)
    add_history(person("clerk", "cash_application"), 400)
    made = certify_matching(job("test"), ["A"], force=True)[0]
    assert made.strata.get(stratum="all").judged == 0, "receipts above the limit never post and are not promised"
    assert run().posted == 0
    activate_automatic_posting(person("third"), "A", WHY, 10_000)
    assert certify_matching(job("test"), ["A"])[0].pk != made.pk, "another limit takes another certificate"
    assert run().posted == 3


def test_errors_in_the_history_hold_the_weak_ones_back(tmp_path: Path) -> None:
    load(tmp_path, quoted=False)
    clerk = person("clerk", "cash_application")
    set_error_budget(person("manager"), "A", 0.01, WHY)
    add_history(clerk, 1_000, wrong=frozenset(range(200)))
    certify_matching(job("test"), ["A"], force=True)
    least = standing_promise("A").least["amount_only"]
    assert least > 0.3 + 0.6995 * 199 / 999, "from there on nothing was wrong"


def test_only_what_a_person_looked_at_counts(tmp_path: Path) -> None:
    load(tmp_path, customers=10)
    clerk = person("clerk", "cash_application")
    propose_matches(job("test"), ["A"])
    waiting = open_proposals()
    accept_match(clerk, waiting["A:0:r"].pk)
    reject_match(clerk, waiting["A:1:r"].pk, "not theirs")
    accept_match(job("demo"), waiting["A:2:r"].pk)
    undone = accept_match(clerk, waiting["A:3:r"].pk).decision
    assert undone is not None
    undo_match(clerk, undone.pk, "the wrong invoice")
    allocate_receipt(clerk, "A:4:r", [HandLine("A:4:i0", 10_000)])
    allocate_receipt(clerk, "A:5:r", [HandLine("A:6:i1", 10_000)])
    mark_not_customer(clerk, "A:7:r", "own_transfer")
    add_history(clerk, 5, run="another_run_that_posts")
    accept_matches(clerk, [waiting["A:8:r"].pk, waiting["A:9:r"].pk])
    again = Decision.objects.get(subject_id="A:9:r")
    undo_match(clerk, again.pk, "seen too late")
    rows = judged_receipts("A")
    assert dict(rows.select("receipt_id", "right").iter_rows()) == {
        "A:0:r": True,
        "A:1:r": False,
        "A:3:r": False,
        "A:4:r": True,
        "A:5:r": False,
        "A:7:r": False,
        "A:9:r": False,
    }
    assert set(rows["stratum"]) == {"quoted_exactly"}
    assert set(rows["amount"]) == {10_000}
    assert set(rows["source"]) == {"person"}


def test_judgements_of_another_model_do_not_count(tmp_path: Path) -> None:
    load(tmp_path)
    add_history(person("clerk", "cash_application"), 5)
    assert judged_receipts("A").height == 5
    Run.objects.filter(name="propose_matches").update(summary={"model": "another"})
    assert judged_receipts("A").height == 0


def test_money_in_another_currency_does_not_certify(tmp_path: Path) -> None:
    load(tmp_path)
    add_history(person("clerk", "cash_application"), 5)
    Receipt.objects.filter(receipt_id="A:h0").update(currency="USD")
    assert judged_receipts("A").height == 4


def test_a_certificate_is_made_anew_when_it_is_due(tmp_path: Path) -> None:
    load(tmp_path)
    clerk = person("clerk", "cash_application")
    add_history(clerk, 100)
    first = certify_matching(clerk, ["A"])[0]
    assert certify_matching(clerk, ["A"])[0].pk == first.pk
    add_history(clerk, 5)
    assert certify_matching(clerk, ["A"])[0].pk == first.pk, "a twentieth more is no reason to look again"
    add_history(clerk, 1, wrong=frozenset({0}))
    assert certify_matching(clerk, ["A"])[0].pk != first.pk, "an error is"
    with pytest.raises(NotAllowedError):
        certify_matching(person("viewer", "viewer"), ["A"])


def test_the_nightly_chain_certifies(tmp_path: Path) -> None:
    load(tmp_path)
    add_history(person("clerk", "cash_application"), 20)
    done = run_nightly(clock.today())
    assert done.summary["promises"] == "1 certificates, 0 kinds switched off"
    assert MatchCertificate.objects.get().strata.get(stratum="all").judged == 20


# The budget and the prior.


def test_who_chooses_the_budget(tmp_path: Path) -> None:
    load(tmp_path)
    assert error_budget("A").budget == 0.001
    with pytest.raises(NotAllowedError):
        set_error_budget(person("clerk", "cash_application"), "A", 0.01, WHY)
    manager = person("manager")
    with pytest.raises(CallError, match=r"say why.*choose one"):
        set_error_budget(manager, "A", 0.3, " ")
    set_error_budget(manager, "A", 0.005, WHY, per_stratum=True)
    set_error_budget(manager, "A", 0.005, WHY, per_stratum=True)
    entry = AuditEntry.objects.get(act="set_error_budget")
    assert (entry.after["budget"], entry.after["per_stratum"], entry.why) == (0.005, True, WHY)
    assert MatchCertificate.objects.get().target == 0.005


def test_the_shipped_prior_posts_within_half_the_limit_and_ends_with_a_stratum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, quoted=False)
    manager = person("manager")
    with pytest.raises(CallError, match="automatic posting with a limit"):
        allow_prior(manager, "A", WHY)
    activate_automatic_posting(manager, "A", WHY, 19_999)
    set_error_budget(manager, "A", 0.02, WHY)
    allow_prior(manager, "A", WHY)
    assert standing_promise("A").least["amount_only"] == 0.0, "1 in 50 is certified from any confidence on"
    done = run()
    assert done.posted == 0
    assert {one.why for one in done.kept_back} == {
        "the amount is above half the limit: more does not post on the shipped prior"
    }
    activate_automatic_posting(manager, "A", WHY, 20_000)
    assert run().posted == 3
    vias = {entry.after["via"] for entry in AuditEntry.objects.filter(act="accept_match")}
    assert vias == {"prior"}
    switch_stratum(manager, "A", "other_reference", False, "one was wrong")
    assert standing_promise("A").least == {}, "the first stratum that goes off ends it"
    stop_prior(person("clerk", "cash_application"), "A", "ended")
    assert not error_budget("A").prior


def test_the_shipped_prior_stays_off_after_a_failed_test_until_it_is_allowed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, customers=4, quoted=False)
    manager, clerk = person("manager"), person("clerk", "cash_application")
    activate_automatic_posting(manager, "A", WHY, 20_000)
    set_error_budget(manager, "A", 0.02, WHY)
    allow_prior(manager, "A", WHY)
    everything_drawn(monkeypatch)
    assert run().posted == 4
    for number, row in enumerate(MatchAudit.objects.order_by("pk")):
        if not StratumSwitch.objects.exists():
            judge_match(clerk, row.pk, False, f"another customer's, {number}")
    failed = StratumSwitch.objects.get()
    switch_stratum(manager, "A", failed.stratum, True, "the rule is mended")
    found = standing_promise("A")
    assert (found.policy.off, found.policy.prior, found.least) == (frozenset(), None, {})
    assert AuditEntry.objects.get(act="end_prior").why.startswith(f"{failed.stratum}: ")
    assert error_budget("A").prior_ended
    allow_prior(manager, "A", "looked through again")
    assert standing_promise("A").least["amount_only"] == 0.0
    assert not error_budget("A").prior_ended


# The audit.


def test_the_draw_is_the_same_when_the_run_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, customers=10)
    activate_automatic_posting(job("test"), "A", WHY)
    everything_drawn(monkeypatch, 0.4)
    drawn = []
    for _ in range(2):
        with transaction.atomic():
            assert run().posted == 10
            drawn.append(sorted(MatchAudit.objects.values_list("receipt_id", "chance", "seed", "via")))
            transaction.set_rollback(True)
    assert drawn[0] == drawn[1]
    assert 0 < len(drawn[0]) < 10


def test_a_wrong_one_is_undone_and_planted_errors_switch_the_stratum_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, customers=6)
    activate_automatic_posting(job("test"), "A", WHY)
    everything_drawn(monkeypatch)
    done = run()
    assert (done.posted, MatchAudit.objects.count()) == (6, 6)
    clerk = person("clerk", "cash_application")
    drawn = {row.receipt_id: row.pk for row in MatchAudit.objects.all()}
    with pytest.raises(NotAllowedError):
        judge_match(job("robot"), drawn["A:0:r"], True)
    judge_match(clerk, drawn["A:0:r"], True)
    judge_match(clerk, drawn["A:0:r"], True)
    with pytest.raises(CallError, match="judged otherwise"):
        judge_match(clerk, drawn["A:0:r"], False)
    assert Item.objects.get(item_id="A:0:i0", is_current=True).open == 0
    for number in (1, 2, 3):
        judge_match(clerk, drawn[f"A:{number}:r"], False, "another customer's")
    assert Item.objects.get(item_id="A:1:i0", is_current=True).open == 10_000
    switch = StratumSwitch.objects.get()
    assert (switch.stratum, switch.on, switch.cause, switch.user) == ("quoted_exactly", False, "test_failed", None)
    entry = AuditEntry.objects.get(act="switch_stratum")
    assert entry.after == {"on": False, "cause": "test_failed", "audited": 3, "wrong": 2, "target": 0.001}
    rewind_run(person("manager"), done.run_id, "the stratum is off")
    monkeypatch.setattr("encours.usecases.propose_matches.__version__", "99.0")
    again = run()
    assert again.posted == 0, "a proof does not post either: the audits found the promise broken"
    assert audit.verify().intact


def test_a_stratum_goes_on_again_only_by_a_person_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, customers=6)
    activate_automatic_posting(job("test"), "A", WHY)
    everything_drawn(monkeypatch)
    clerk, manager = person("clerk", "cash_application"), person("manager")
    switch_stratum(clerk, "A", "quoted_exactly", False, "two were wrong last week")
    done = run()
    assert done.posted == 0
    assert {one.why for one in done.kept_back} == {
        "quoted_exactly: switched off, its audits found more errors than promised"
    }
    with pytest.raises(NotAllowedError):
        switch_stratum(clerk, "A", "quoted_exactly", True, "it will do")
    with pytest.raises(NotAllowedError):
        switch_stratum(job("nightly"), "A", "quoted_exactly", True, "it will do")
    with pytest.raises(CallError, match="say why"):
        switch_stratum(manager, "A", "quoted_exactly", True, "")
    with pytest.raises(CallError, match="not a kind of match"):
        switch_stratum(manager, "A", "guesses", True, WHY)
    assert switch_stratum(manager, "A", "quoted_exactly", True, "the number range was repaired")
    assert not switch_stratum(manager, "A", "quoted_exactly", True, "again")
    assert run().posted == 6


def test_posts_found_wrong_without_an_audit_break_the_promise_and_are_no_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, customers=6)
    activate_automatic_posting(job("test"), "A", WHY)
    everything_drawn(monkeypatch, rate=0.0)
    assert run().posted == 6
    clerk, nightly = person("clerk", "cash_application"), job("nightly")
    undo_match(clerk, Decision.objects.get(subject_id="A:0:r").pk, "not theirs")
    assert watch_promise(nightly, "A") == [], "one of six may be the one in a thousand"
    undo_match(clerk, Decision.objects.get(subject_id="A:1:r").pk, "not theirs either")
    assert watch_promise(nightly, "A") == ["quoted_exactly"]
    switch = StratumSwitch.objects.get()
    assert switch.why == "2 of 6 posts are known to be wrong: more than 1 in 1,000"
    assert set(judged_receipts("A")["source"]) == {"found"}
    assert certify_matching(job("nightly"), ["A"])[0].strata.get(stratum="all").judged == 0
    switch_stratum(person("manager"), "A", "quoted_exactly", True, "the payer's account was mended")
    assert watch_promise(nightly, "A") == [], "what was posted before does not count again"


def test_who_takes_a_drawn_post_back_elsewhere_has_judged_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, customers=4)
    activate_automatic_posting(job("test"), "A", WHY)
    everything_drawn(monkeypatch)
    done = run()
    clerk = person("clerk", "cash_application")
    undo_match(clerk, Decision.objects.get(subject_id="A:0:r").pk, "not theirs")
    with pytest.raises(CallError, match="undone since"):
        judge_match(clerk, MatchAudit.objects.get(receipt_id="A:0:r").pk, True)
    rewind_run(person("manager"), done.run_id, "to be sure")
    watch_promise(job("nightly"), "A")
    judged = dict(MatchAudit.objects.values_list("receipt_id", "right"))
    assert judged == {"A:0:r": False, "A:1:r": None, "A:2:r": None, "A:3:r": None}, "a rewind judges no receipt"
    rows = judged_receipts("A")
    assert dict(rows.select("receipt_id", "right").iter_rows()) == {"A:0:r": False}


def test_audited_posts_come_into_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, customers=4)
    activate_automatic_posting(job("test"), "A", WHY)
    everything_drawn(monkeypatch, 0.5)
    run()
    assert judged_receipts("A").height == 0, "what nobody looked at certifies nothing"
    clerk = person("clerk", "cash_application")
    for row in MatchAudit.objects.all():
        judge_match(clerk, row.pk, True)
    rows = judged_receipts("A")
    assert rows.height == MatchAudit.objects.count()
    assert rows["right"].all()
    assert set(rows["chance"]) == {0.5}


def certified_before(home: Path) -> tuple[Actor, MatchCertificate]:
    """A book that posts on a certificate of two days ago; its clerk."""
    load(home, quoted=False)
    clerk = person("clerk", "cash_application")
    activate_automatic_posting(job("test"), "A", WHY)
    set_error_budget(person("manager"), "A", 0.01, WHY)
    add_history(clerk, 400)
    made = certify_matching(clerk, ["A"], force=True)[0]
    MatchCertificate.objects.filter(pk=made.pk).update(made_on=made.made_on - timedelta(days=2))
    Proposal.objects.update(proposed_at=clock.now() - timedelta(days=3))
    for row in made.strata.all():
        row.first_on = made.made_on - timedelta(days=30)
        row.save()
    return clerk, made


def test_a_mix_that_has_moved_asks_for_a_new_certificate(tmp_path: Path) -> None:
    clerk, made = certified_before(tmp_path)
    assert watch_promise(job("nightly"), "A") == []
    assert standing_promise("A").least
    add_history(clerk, 600, rule="quoted_part")
    watch_promise(job("nightly"), "A")
    promise = standing_promise("A")
    assert promise.policy.asks is not None
    assert "the mix of receipts has moved" in promise.policy.asks
    assert promise.least == {}
    assert AuditEntry.objects.get(act="ask_certificate").subject == f"certificate:{made.pk}"
    mix: Any = MatchCertificate.objects.get(pk=made.pk).mix
    assert mix["months"][0]["shares"]["other_reference"] == 1.0


def test_drift_is_not_forgiven_by_the_judgements_of_before(tmp_path: Path) -> None:
    clerk, _ = certified_before(tmp_path)
    add_history(clerk, 600, rule="quoted_part")
    done = run_nightly(clock.today())
    found = standing_promise("A")
    assert ", 0 posted" in done.summary["receipts"]
    assert (found.least, found.certificate and found.certificate.row()["judged"]) == ({}, 0)
    assert "the mix of receipts has moved" in str(found.policy.asks)
    add_history(clerk, 200, rule="quoted_part")
    run_nightly(clock.today(), again=True)
    manager = actor_of(User.objects.get(username="manager"))
    set_error_budget(manager, "A", 0.005, WHY)
    set_error_budget(manager, "A", 0.01, "another budget is no way round")
    assert standing_promise("A").least == {}, "two hundred are too few for one in a hundred"
    add_history(clerk, 200, rule="quoted_part")
    done = run_nightly(clock.today(), again=True)
    found = standing_promise("A")
    assert (found.policy.asks, found.certificate and found.certificate.row()["judged"]) == (None, 400)
    assert ", 3 posted" in done.summary["receipts"]
    add_history(clerk, 100, wrong=frozenset({99}), rule="quoted_part")
    run_nightly(clock.today(), again=True)
    found = standing_promise("A")
    assert found.certificate is not None
    assert found.certificate.row()["judged"] == 500, "what was judged before the drift never comes back"
