"""A version of the model, a rule, a kind of match rewound over all runs: book and what was learned are as before."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from encours.core.base.issue import CallError
from encours.core.matching.asks import make_receipts
from encours.core.matching.certificate import draw
from encours.core.matching.model import model_digest
from encours.core.matching.payers import make_payers
from encours.core.matching.scope import make_scope
from encours.store import audit, frames
from encours.store.models import (
    AuditEntry,
    BulkConfirmation,
    Decision,
    Delegation,
    Item,
    MatchAudit,
    MatchCertificate,
    Proposal,
    Receipt,
    Run,
)
from encours.store.rights import job
from encours.usecases import allow_posts, clock
from encours.usecases.accept_match import accept_match, accept_matches
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from encours.usecases.certify_matching import certify_matching
from encours.usecases.import_files import import_now
from encours.usecases.judge_match import judge_match
from encours.usecases.judged_receipts import judged_receipts
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rewind_posts import preview_posts, rewind_posts
from encours.usecases.rewinding import ASKS, Part
from encours.usecases.rights import NotAllowedError
from encours.usecases.undo_match import undo_match
from encours.usecases.watch_promise import running_tests
from tests.usecases.books import folder, small_book
from tests.usecases.waiting import person

pytestmark = pytest.mark.django_db
WHY = "the model took order numbers for invoice numbers"
OLD = "0ld0ld0ld0ld"


def load(home: Path, customers: int = 3) -> None:
    """Receipts with a payer's name and account that nobody knows yet, each quoting its customer's first invoice."""
    book = small_book(paid=False, customers=customers)
    numbered = book.items.with_columns(number=pl.format("FA2026-{}", pl.int_range(pl.len()) + 1000))
    first = numbered.filter(pl.col("item_id").str.ends_with("i0"))["number"]
    receipts = book.receipts.with_columns(
        remittance=pl.format("VIR {}", first),
        payer_account=pl.format("FR76{}", pl.int_range(pl.len()) + 1_000_000),
        payer_name=pl.format("HOLDING {}", pl.int_range(pl.len()) + 10),
    )
    import_now(job("test"), None, [folder(book.replace(items=numbered, receipts=receipts), home / "book")])


def posted() -> Run:
    activate_automatic_posting(job("test"), "A", "a test")
    return Run.objects.get(pk=apply_receipts(job("test"), ["A"])[0].run_id)


def digest() -> str:
    """What the book holds and what the engine has learned of it: open items, money, payers' lessons, judgements."""
    book = frames.read_book(["A"])
    current = book.current()
    receipts = current.unapplied_receipts().select("receipt_id", "unapplied").sort("receipt_id")
    scope = make_scope(current)
    _, lessons = make_payers(current, make_receipts(current, scope), scope)
    said = [
        current.open_items().select("item_id", "open").sort("item_id").write_csv(),
        receipts.write_csv(),
        current.balances().sort("customer_id").write_csv(),
        *(str(array.tolist()) for array in lessons),
        judged_receipts("A").write_csv(),
        str(sorted(Item.objects.filter(is_current=True).values_list("item_id", "open"))),
        str(sorted(Receipt.objects.filter(is_current=True).values_list("receipt_id", "unapplied"))),
    ]
    return sha256("\n".join(said).encode()).hexdigest()


def test_a_version_of_the_model_is_rewound_with_what_it_taught(tmp_path: Path) -> None:
    load(tmp_path)
    before = digest()
    run = posted()
    assert run.summary["model"] == model_digest()
    assert digest() != before
    part = Part("A", model=model_digest())
    preview = preview_posts(job("test"), part)
    assert (preview.run_id, preview.posts, preview.totals, preview.model) == (
        None, 3, (("EUR", 30_000),), model_digest(),
    )  # fmt: skip
    assert rewind_posts(job("test"), part, WHY).posts == 3
    assert digest() == before
    whole = AuditEntry.objects.get(act="rewind")
    assert (whole.subject, whole.after["model"], whole.why) == (f"model:{model_digest()}", model_digest(), WHY)
    assert rewind_posts(job("test"), part, WHY).posts == 0
    assert AuditEntry.objects.filter(act="rewind").count() == 1, "a second rewind is nothing"
    assert audit.verify().intact


def test_posts_of_another_version_stand(tmp_path: Path) -> None:
    load(tmp_path)
    run = posted()
    other = Run.objects.create(
        name=run.name, entity_id="A", day=run.day, started_at=clock.now(), state="done", summary={"model": OLD}
    )
    Proposal.objects.filter(receipt_id="A:0:r", state="accepted").update(run=other)
    assert preview_posts(job("test"), Part("A", model=OLD)).posts == 1
    assert rewind_posts(job("test"), Part("A", model=OLD), WHY).posts == 1
    assert Item.objects.get(item_id="A:0:i0", is_current=True).open == 10_000
    assert preview_posts(job("test"), Part("A", model=model_digest())).posts == 2


def test_what_another_version_proposed_is_proposed_again_to_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path)
    posted()
    rewind_posts(job("test"), Part("A", model=model_digest()), WHY)
    same = apply_receipts(job("test"), ["A"])[0]
    assert (same.posted, same.auto, same.review) == (0, 0, 0), "the same rule of the same version says it no more"
    for module in ("propose_matches", "refusals", "apply_receipts"):
        monkeypatch.setattr(f"encours.usecases.{module}.model_digest", lambda: "another")
    newer = apply_receipts(job("test"), ["A"])[0]
    assert (newer.posted, newer.auto, newer.review) == (0, 0, 3)


def test_a_rule_and_a_stratum_over_all_runs(tmp_path: Path) -> None:
    load(tmp_path)
    posted()
    Proposal.objects.filter(receipt_id="A:1:r", state="accepted").update(rule="another", stratum="amount_only")
    assert rewind_posts(job("test"), Part("A", rule="another"), WHY).posts == 1
    assert rewind_posts(job("test"), Part("A", stratum="amount_only"), WHY).posts == 0
    assert rewind_posts(job("test"), Part("A", stratum="quoted_exactly"), WHY).posts == 2
    assert AuditEntry.objects.filter(act="rewind").count() == 2


def test_what_a_person_looked_at_stands_and_what_was_confirmed_among_others_goes(tmp_path: Path) -> None:
    load(tmp_path)
    clerk = person("clerk", "cash_application")
    propose_matches(clerk, ["A"])
    rows = {row.receipt_id: row for row in Proposal.objects.filter(state="open")}
    accept_match(clerk, rows["A:0:r"].pk)
    accept_matches(clerk, [rows["A:1:r"].pk, rows["A:2:r"].pk])
    assert BulkConfirmation.objects.count() == 2
    assert rewind_posts(job("test"), Part("A", model=model_digest()), WHY).posts == 2
    assert Item.objects.get(item_id="A:0:i0", is_current=True).open == 0


def test_judgements_of_rewound_posts_count_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path)
    clerk = person("clerk", "cash_application")
    monkeypatch.setattr(allow_posts, "draw", partial(draw, rate=1.0))
    before = digest()
    posted()
    for row in MatchAudit.objects.filter(receipt_id__in=("A:0:r", "A:1:r")):
        judge_match(clerk, row.pk, True)
    certify_matching(clerk, ["A"], force=True)
    assert judged_receipts("A").height == 2
    assert running_tests("A", {}, 0.001)["quoted_exactly"].audited == 2
    part = Part("A", model=model_digest())
    assert preview_posts(job("test"), part).judged == 2
    rewind_posts(job("test"), part, WHY)
    assert judged_receipts("A").height == 0
    assert running_tests("A", {}, 0.001)["quoted_exactly"].audited == 0
    assert MatchCertificate.objects.get().asks == ASKS
    assert digest() == before
    assert AuditEntry.objects.get(act="rewind").after["judgements"] == 2


def test_that_a_post_was_wrong_is_not_mended_by_a_rewind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path)
    clerk = person("clerk", "cash_application")
    monkeypatch.setattr(allow_posts, "draw", partial(draw, rate=1.0))
    posted()
    judge_match(person("judge"), MatchAudit.objects.get(receipt_id="A:0:r").pk, False, "not his invoice")
    rewind_posts(job("test"), Part("A", model=model_digest()), WHY)
    assert judged_receipts("A")["right"].to_list() == [False]
    assert clerk.user is not None


def test_an_undone_match_is_unlearned(tmp_path: Path) -> None:
    load(tmp_path)
    before = digest()
    posted()
    for decision in Decision.objects.filter(act="accept_match"):
        undo_match(job("test"), decision.pk, "wrong")
    assert digest() == before


def test_who_may_and_what_is_needed(tmp_path: Path) -> None:
    load(tmp_path)
    posted()
    part = Part("A", model=model_digest())
    for kind in ("viewer", "cash_application"):
        with pytest.raises(NotAllowedError, match="no_role"):
            rewind_posts(person(kind, kind), part, WHY)
    manager = person("manager")
    with pytest.raises(CallError, match="say why"):
        rewind_posts(manager, part, " ")
    with pytest.raises(CallError, match="name a version"):
        preview_posts(manager, Part("A"))
    with pytest.raises(NotAllowedError, match="not_visible"):
        preview_posts(manager, Part("B", model=model_digest()))
    Delegation.objects.create(entity_id="A", act="rewind_run", role_kind="credit_manager", amount_max=29_999)
    with pytest.raises(NotAllowedError, match="amount_over_limit"):
        rewind_posts(person("small"), part, WHY)
    assert preview_posts(job("test"), part).posts == 3
