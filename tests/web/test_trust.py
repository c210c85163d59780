"""Trust on screen: what posts by itself and why, switched by those who may; the queue judged; a run rewound."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client

from encours.core.matching.certificate import draw
from encours.store.models import Item, MatchAudit, MatchCertificate, Run, StratumSwitch, User
from encours.usecases import allow_posts
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.automatic_posting import automatic_posting
from encours.usecases.certify_matching import certify_matching
from encours.usecases.error_budget import error_budget
from encours.usecases.rights import actor_of, job
from tests.usecases.judged import add_history
from tests.web.cast import Town

pytestmark = pytest.mark.django_db
Signed = Callable[[str], Client]
_WHY = "the first month was looked through"


def page_of(client: Client) -> str:
    return client.get("/trust/?entity=A").content.decode()


def posted(monkeypatch: pytest.MonkeyPatch, client: Client) -> Run:
    """Everything that is certain in A posted, and all of it drawn."""
    monkeypatch.setattr(allow_posts, "draw", partial(draw, rate=1.0))
    client.post("/trust/posting/", {"of": "A", "limit": "", "why": _WHY})
    return Run.objects.get(pk=apply_receipts(job("test"), ["A"])[0].run_id)


def test_an_entity_where_nothing_happened_says_so(town: Town, client_of: Signed) -> None:
    MatchAudit.objects.all().delete()
    text = page_of(client_of("claude"))
    assert "automatic posting is off" in text
    assert "Not enough judged receipts: 1 of about 598." in text
    assert "there are none while automatic posting is off" in text
    assert "No run has posted anything yet." in text
    assert "Nothing to draw yet" in text


def test_of_several_entities_each_has_its_line(town: Town, client_of: Signed) -> None:
    page = client_of("alice").get("/trust/").context["page"]
    assert [(row.entity_id, row.on, row.waiting) for row in page.entities] == [("A", False, 1), ("B", False, 0)]


def test_posting_is_turned_on_with_a_limit_and_off_for_a_reason(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    answer = client.post("/trust/posting/", {"of": "A", "limit": "1 000,00", "why": _WHY}, follow=True)
    assert "Automatic posting is on from the next run." in answer.content.decode()
    assert (automatic_posting("A").on, automatic_posting("A").limit) == (True, 100_000)
    assert "up to 1,000.00 EUR a receipt" in page_of(client)
    wrong = client.post("/trust/posting/", {"of": "A", "limit": "much", "why": _WHY}, follow=True)
    assert "Not done: a limit is an amount above zero" in wrong.content.decode()
    silent = client.post("/trust/posting/", {"of": "A", "act": "stop", "why": " "}, follow=True)
    assert "Not done: say why automatic posting is changed" in silent.content.decode()
    client_of("camille").post("/trust/posting/", {"of": "A", "act": "stop", "why": "a wrong one was seen"})
    assert not automatic_posting("A").on
    assert "a wrong one was seen" in page_of(client)


def test_a_budget_is_chosen_and_shows_what_each_would_give(town: Town, client_of: Signed) -> None:
    add_history(actor_of(town.users["camille"]), 700)
    client = client_of("claude")
    client.post("/trust/budget/", {"of": "A", "many": "200", "why": _WHY})
    assert (error_budget("A").budget, error_budget("A").per_stratum) == (0.005, False)
    page = client.get("/trust/?entity=A").context["page"]
    assert page.certificate.certified
    rows = {row.many: row for row in page.budgets}
    assert (rows[200].certified, rows[200].chosen, rows[1_000].certified) == (True, True, False)
    assert rows[1_000].missing == 2_995 - page.certificate.judged
    assert "At most 1 in 200 wrong, 95% sure" in client.get("/trust/").content.decode()
    drawn = client.get("/trust/chart/").content.decode()
    assert "<svg" in drawn
    assert " style=" not in drawn
    odd = client.post("/trust/budget/", {"of": "A", "many": "7", "why": _WHY}, follow=True)
    assert "choose one of the budgets" in odd.content.decode()


def test_what_a_limit_leaves_out_is_said(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    answer = client.post("/trust/prior/", {"of": "A", "why": _WHY}, follow=True)
    assert "takes automatic posting with a limit" in answer.content.decode()
    client.post("/trust/posting/", {"of": "A", "limit": "500", "why": _WHY})
    client.post("/trust/prior/", {"of": "A", "why": _WHY})
    assert "Posts up to 250.00 EUR." in page_of(client)
    client.post("/trust/prior/", {"of": "A", "act": "stop", "why": "enough"})
    assert not error_budget("A").prior


def test_the_queue_shows_text_and_items_and_is_judged_row_by_row(
    town: Town, client_of: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    MatchAudit.objects.all().delete()
    posted(monkeypatch, client_of("claude"))
    client = client_of("camille")
    text = page_of(client)
    assert "VIR ZIR-001" in text
    assert ">ZIR-001</a>" in text
    first, second, third = MatchAudit.objects.order_by("pk")[:3]
    answer = client.post(f"/trust/judge/{first.pk}/", {"right": "1"}, headers={"HX-Request": "true"})
    assert "Judged right." in answer.content.decode()
    assert "is right" in answer.content.decode()
    answer = client.post(f"/trust/judge/{second.pk}/", {"right": "0"}, headers={"HX-Request": "true"})
    assert "wrong, undone" in answer.content.decode()
    assert Item.objects.get(item_id="A:2:late", is_current=True).open == 123_458
    again = client.post(f"/trust/judge/{second.pk}/", {"right": "1"}, headers={"HX-Request": "true"})
    assert again.headers["HX-Reswap"] == "none"
    assert "judged otherwise" in again.content.decode()
    page = client.get("/trust/?entity=A").context["page"]
    assert (round(page.wrong_share, 3), round(page.wrong_money, 3)) == (0.333, 0.333), "one of three that were posted"
    client.post(f"/trust/judge/{third.pk}/", {"right": "0"})
    assert not StratumSwitch.objects.get().on, "two wrong of three break any promise"
    text = page_of(client)
    assert "switched off: the promise is not kept." in text
    assert "Switch on again" not in text, "a clerk may not"
    client = client_of("claude")
    assert "Switch on again" in page_of(client)
    client.post("/trust/stratum/", {"of": "A", "stratum": "quoted_exactly", "on": "1", "why": "repaired"})
    assert StratumSwitch.objects.order_by("-pk")[0].on
    assert "switched off: the promise is not kept." not in page_of(client)


def test_a_run_is_looked_at_and_rewound(town: Town, client_of: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of("claude")
    run = posted(monkeypatch, client)
    page = client.get(f"/trust/run/{run.pk}/").content.decode()
    assert "Rewind 3 posts" in page
    assert "3,703.73" in page
    silent = client.post(f"/trust/run/{run.pk}/rewind/", {"why": ""}, follow=True)
    assert "Not done: say why the run is rewound" in silent.content.decode()
    done = client.post(f"/trust/run/{run.pk}/rewind/", {"why": "a wrong rule"}, follow=True)
    assert "3 posts were rewound." in done.content.decode()
    page = client.get(f"/trust/run/{run.pk}/").content.decode()
    assert "Nothing of this run stands any more" in page
    assert "3 posts were rewound on" in page
    assert "a wrong rule" in page
    assert client_of("camille").get(f"/trust/run/{run.pk}/").status_code == 403


@pytest.mark.parametrize("digest", ["0a1b2c3d4e5f", "7625379179e1"])
def test_a_version_of_the_model_is_looked_at_and_rewound(
    town: Town, client_of: Signed, monkeypatch: pytest.MonkeyPatch, digest: str
) -> None:
    """Whatever its digest looks like: twelve digits and one e are a number to who reads them as JSON."""
    for place in ("propose_matches", "apply_receipts", "judged_receipts"):
        monkeypatch.setattr(f"encours.usecases.{place}.model_digest", lambda: digest, raising=False)
    client = client_of("claude")
    posted(monkeypatch, client)
    assert f"model={digest}" in page_of(client)
    address = f"/trust/posts/?of=A&model={digest}"
    page = client.get(address).content.decode()
    assert f"Rewind model {digest}" in page
    assert "Rewind 3 posts" in page
    sent = {"of": "A", "model": digest}
    silent = client.post("/trust/posts/rewind/", {**sent, "why": ""}, follow=True)
    assert "Not done: say why these posts are rewound" in silent.content.decode()
    done = client.post("/trust/posts/rewind/", {**sent, "why": "a wrong model"}, follow=True)
    assert "3 posts were rewound." in done.content.decode()
    assert "Nothing of it stands any more" in client.get(address).content.decode()
    assert client_of("camille").get(address).status_code == 403
    assert client.get("/trust/posts/?of=A").status_code == 404, "not a whole entity"


def test_a_kind_of_match_is_rewound_from_its_row(
    town: Town, client_of: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("claude")
    posted(monkeypatch, client)
    assert "stratum=quoted_exactly" in page_of(client)
    assert "Rewind 3 posts" in client.get("/trust/posts/?of=A&stratum=quoted_exactly").content.decode()


def test_the_page_is_french_where_its_reader_is(town: Town, client_of: Signed) -> None:
    User.objects.filter(username="claude").update(language="fr")
    StratumSwitch.objects.create(
        entity_id="A",
        stratum="amount_only",
        on=False,
        cause="test_failed",
        why="3 of 41 audited posts were wrong: more than 1 in 500",
        at=MatchAudit.objects.get().decision.decided_at,
    )
    certify_matching(job("test"), ["A"], force=True)
    MatchCertificate.objects.update(
        asks="the mix of receipts has moved: stratum amount_only was 20 %, is 40 %", asked_at=None
    )
    text = page_of(client_of("claude"))
    assert "3 des 41 lettrages contrôlés étaient faux" in text
    assert "1 sur 500" in text
    assert "type montant seul, 20 % auparavant, 40 % maintenant" in text
