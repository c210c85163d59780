"""Advices on the screen: brought and checked before anything follows them, corrected by line, laid aside."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from encours.store.models import Advice, AdviceLine, AdviceReceipt, AuditEntry, Item, User
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.show_advices import HOLD_DAYS, expected_receipts
from tests.web.cast import Town

_MAIL = f"""From: Zirconia Compta <compta@zirconia.example>
To: us@example.org
Subject: Avis
Date: Thu, 12 Mar 2026 09:14:02 +0100
Content-Type: text/plain; charset=utf-8

Avis de virement
Date de virement : {clock.today():%d/%m/%Y}
ZIR-201 1 234,58
ZIR-202 500,00
ZIR-303 20,00 -
Total : 1 714,58
""".encode()


def _bring(client: Client, content: bytes = _MAIL) -> Advice:
    client.post("/cash/advices/receive/", {"entity": "A", "files": SimpleUploadedFile("avis.eml", content)})
    return Advice.objects.latest("pk")


def test_a_mail_is_shown_before_anything_follows_it(town: Town, client_of: Callable[[str], Client]) -> None:
    client, before = client_of("camille"), len(expected_receipts(job("test"), "A"))
    advice = _bring(client)
    assert (advice.draft, advice.payer_name, advice.total, advice.source) == (True, "Zirconia Compta", 171_458, "mail")
    page = client.get(f"/cash/advices/of/{advice.advice_id}").content.decode()
    assert "Nothing follows it yet" in page
    assert "no item bears this number" in page  # ZIR-303 is nobody's
    assert len(expected_receipts(job("test"), "A")) == before
    client.post(
        f"/cash/advices/line/{advice.advice_id}", {"act": "save", "line": "5", "item": "zir 290", "amount": "-20"}
    )
    line = AdviceLine.objects.get(advice=advice, line=5)
    assert (line.item_id, line.number, line.amount) == ("A:2:note", "ZIR-290", -2_000)
    client.post(
        f"/cash/advices/head/{advice.advice_id}",
        {"act": "take", "total": "1 714,58", "payer": "Zirconia 2", "paid_on": f"{clock.today()}", "reference": "V-1"},
    )
    advice.refresh_from_db()
    assert (advice.draft, advice.payer_name, advice.reference) == (False, "Zirconia 2", "V-1")
    assert len(expected_receipts(job("test"), "A")) == before + 1
    assert AuditEntry.objects.filter(act="import_advice", subject=advice.advice_id).count() == 1
    listed = client.get("/cash/advices/").content.decode()
    assert "Zirconia 2" in listed
    assert "wait until" in listed
    row = next(one for one in client.get("/cash/advices/").context["page"].rows if one.advice_id == advice.advice_id)
    assert (row.matched, row.lines, row.held_items) == (3, 3, 2)
    assert (row.held_until - clock.today()).days == HOLD_DAYS


def test_what_was_brought_twice_is_one(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("camille")
    assert _bring(client).pk == _bring(client).pk
    assert Advice.objects.filter(draft=True).count() == 1
    client.post(f"/cash/advices/state/{Advice.objects.latest('pk').advice_id}", {"act": "discard"})
    assert not Advice.objects.filter(draft=True).exists()


def test_laid_aside_it_is_awaited_no_more_and_can_be_followed_again(
    town: Town, client_of: Callable[[str], Client]
) -> None:
    client, address = client_of("camille"), f"/cash/advices/state/{town.ids['advice_id']}"
    client.post(address, {"act": "aside", "why": "sent twice"})
    assert expected_receipts(job("test"), "A") == []
    assert "laid aside" in client.get(f"/cash/advices/of/{town.ids['advice_id']}").content.decode()
    client.post(address, {"act": "restore"})
    assert len(expected_receipts(job("test"), "A")) == 1


def test_a_line_more_and_a_line_less(town: Town, client_of: Callable[[str], Client]) -> None:
    client, address = client_of("camille"), f"/cash/advices/line/{town.ids['advice_id']}"
    client.post(address, {"act": "add", "item": "ZIR-002", "amount": "500,00"})
    lines = AdviceLine.objects.filter(advice__advice_id=town.ids["advice_id"])
    assert list(lines.order_by("line").values_list("number", "amount", "item_id"))[-1] == (
        "ZIR-002",
        50_000,
        "A:0:next",
    )
    client.post(address, {"act": "drop", "line": "3"})
    assert lines.count() == 2
    assert AuditEntry.objects.filter(act="correct_advice").count() == 2


def test_a_wrong_file_says_why(town: Town, client_of: Callable[[str], Client]) -> None:
    answer = client_of("camille").post(
        "/cash/advices/receive/",
        {"entity": "A", "files": SimpleUploadedFile("x.eml", b"From: a@b.c\nSubject: x\n\nbonjour\n")},
        follow=True,
    )
    assert "no line of the advice has a number and an amount" in answer.content.decode()


def test_the_receipt_leads_to_its_advice_and_back(town: Town, client_of: Callable[[str], Client]) -> None:
    advice = Advice.objects.get(advice_id=town.ids["advice_id"])
    AdviceReceipt.objects.create(advice=advice, receipt_id="A:0:r", amount=123_456)
    client = client_of("camille")
    desk = client.get("/cash/?receipt=A:0:r").content.decode()
    assert f"/cash/advices/of/{advice.advice_id}" in desk
    back = client.get(f"/cash/advices/of/{advice.advice_id}").content.decode()
    assert "/cash/?receipt=A%3A0%3Ar" in back


def test_nothing_of_another_entity_shows(town: Town, client_of: Callable[[str], Client]) -> None:
    User.objects.filter(username="victor").update(is_superuser=False)
    assert client_of("victor").get("/cash/advices/").status_code == 403
    for name in ("colette", "sacha"):
        assert client_of(name).get(f"/cash/advices/of/{town.ids['advice_id']}").status_code == 403


@pytest.mark.parametrize(
    "address", ["/cash/advices/", "/cash/advices/of/{}", "/cash/differences/", "/trust/disagreements/"]
)
def test_a_page_asks_at_most_thirty_queries(address: str, town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address.format(town.ids["advice_id"])).status_code == 200
    assert len(queries) <= 30, "\n".join(query["sql"][:160] for query in queries)


def test_of_two_due_dates_that_fit_alike_the_person_names_one(town: Town, client_of: Callable[[str], Client]) -> None:
    """Two instalments of one number and of one amount: the number does not say which is paid."""
    first = Item.objects.get(item_id="A:2:late", is_current=True)
    first.pk, first.item_id, first.part = None, "A:2:late2", 2
    first.save()
    client, advice = client_of("camille"), _bring(client_of("camille"))
    address = f"/cash/advices/of/{advice.advice_id}"
    line = client.get(address).context["page"].lines[0]
    assert (line.state, [one[0] for one in line.choices]) == ("several", ["A:2:late", "A:2:late2"])
    said = {"act": "save", "line": line.line, "item": "A:2:late2", "amount": "1234,58"}
    client.post(f"/cash/advices/line/{advice.advice_id}", said)
    line = client.get(address).context["page"].lines[0]
    assert (line.state, line.item_id, line.by_hand) == ("open", "A:2:late2", True)
