"""What the pages show, and what it costs: queries counted, past days, languages, exports, the acts on receipts."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from encours.store import parquet
from encours.store.models import Item, Receipt, User
from encours.usecases import clock
from tests.web.cast import Town

_YESTERDAY = clock.today() - timedelta(days=1)
_PAGES = (
    "/",
    "/customers/",
    "/customer/A:0",
    "/customer/A:0?tab=history",
    "/customer/A:0?tab=payments",
    "/customer/A:0?tab=timeline",
    "/customer/A:0?tab=chasing",
    "/customer/A:0?tab=contacts",
    "/item/A:0:late",
    "/receipts/",
    "/receipts/?state=proposed",
    "/receipt/A:1:r",
    "/search/?q=Zirconia",
    "/imports/",
    "/settings/",
    "/settings/?part=users",
    "/settings/?part=delegations",
    "/settings/?part=rates",
    "/help/",
    "/trust/",
    "/trust/?entity=A",
    "/forecast/",
    "/forecast/?part=customers",
    "/forecast/?part=changes",
    "/forecast/?part=scenarios",
    "/forecast/?part=accuracy",
    "/forecast/customer/A:0",
    "/today/",
    "/today/figures/",
    "/outbox/",
    "/outbox/?tab=held",
    "/outbox/?tab=withheld",
    "/scenarios/",
    "/scenarios/sme/?of=A&tab=members",
    "/scenarios/sme/?of=A&step=new",
    "/scenarios/sme/?of=A&tab=backtest",
    "/scenarios/sme/?of=A&tab=compare",
    "/scenarios/sme/?of=A&tab=experiments",
    "/scenarios/new/?of=A",
    "/templates/",
    "/templates/?of=A&add=nl",
    "/templates/words/?of=A&language=de",
)


@pytest.mark.parametrize("address", _PAGES)
@pytest.mark.parametrize("past", [False, True])
def test_a_page_asks_at_most_thirty_queries(
    address: str, past: bool, town: Town, client_of: Callable[[str], Client]
) -> None:
    client = client_of("alice")
    if past:
        client.get(f"/help/?on={_YESTERDAY}&reading=known")
        for entity_id in ("A", "B"):
            parquet.ensure(entity_id)  # bringing a copy up to date is the import's business, not the page's
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    assert len(queries) <= 30, "\n".join(query["sql"][:160] for query in queries)


@pytest.mark.one_database
def test_no_page_carries_inline_style_or_script(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    for address in (*_PAGES, "/overview/chart/dso/", "/overview/chart/ageing/"):
        answer = client.get(address)
        text = answer.content.decode()
        assert " style=" not in text, address
        assert "<style" not in text, address
        assert "<script>" not in text, address
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("language", "words"), [("fr", ("Synthèse", "Échu", "Encours")), ("en", ("Overview", "Overdue"))]
)
def test_the_user_reads_their_own_language(
    language: str, words: tuple[str, ...], town: Town, client_of: Callable[[str], Client]
) -> None:
    User.objects.filter(username="alice").update(language=language)
    text = client_of("alice").get("/").content.decode()
    assert f'<html lang="{language}">' in text
    for word in words:
        assert word in text


def test_figures_of_the_overview_are_those_of_the_book(town: Town, client_of: Callable[[str], Client]) -> None:
    page = client_of("alice").get("/?entity=A").context["page"]
    items = Item.objects.filter(entity_id="A", is_current=True)
    owed = sum(item.open for item in items)
    free = sum(r.unapplied for r in Receipt.objects.filter(entity_id="A", is_current=True, customer_id__isnull=False))
    assert page.figures.balance == owed - free
    assert page.figures.overdue == sum(item.open for item in items if item.open > 0 and item.due_on < clock.today())
    assert page.unidentified == sum(
        r.unapplied for r in Receipt.objects.filter(entity_id="A", is_current=True, customer_id__isnull=True)
    )


@pytest.mark.parametrize("reading", ["known", "booked"])
def test_a_past_day_is_named_and_is_not_today(reading: str, town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    day = clock.today() - timedelta(days=80)
    answer = client.get(f"/customers/?entity=A&on={day}&reading={reading}")
    text = answer.content.decode()
    assert ("as known that day" if reading == "known" else "by accounting date") in text
    page = answer.context["page"]
    assert {row.balance for row in page.rows} == {123_456, 123_457, 123_458, 123_459}  # one invoice each, not yet due
    assert not any(row.overdue for row in page.rows)
    assert client.get("/customers/?on=").context["page"].rows[0].overdue  # back to today


def test_an_item_that_was_not_yet_issued_is_not_found(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    assert client.get(f"/item/A:0:next?on={clock.today() - timedelta(days=50)}&reading=booked").status_code == 404
    assert client.get("/item/A:0:next?on=").status_code == 200


def test_exports_hold_every_row_as_numbers(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    sheet = client.get("/customers/export.xlsx").content
    head, *lines = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert len(lines) == 8
    rows = client.get("/customers/").context["page"].rows
    place = head.index("Balance")
    assert round(sum(line[place] for line in lines) * 100) == sum(row.balance for row in rows)
    text = client.get("/customers/export.csv").content.decode("utf-8-sig")
    assert len(text.strip().splitlines()) == 9


def test_a_name_never_becomes_a_formula(town: Town, client_of: Callable[[str], Client]) -> None:
    from encours.store.models import CustomerPosition

    CustomerPosition.objects.filter(customer_id="A:0").update(name="=1+1")
    text = client_of("alice").get("/customers/export.csv").content.decode("utf-8-sig")
    assert ",'=1+1," in text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("zirconia 2", "/customer/A:2"),
        ("123456782", "/customer/A:2"),
        ("ZIR-201", "/item/A:2:late"),
        ("zir 201", "/item/A:2:late"),
    ],
)
def test_search_opens_the_only_hit(asked: str, found: str, town: Town, client_of: Callable[[str], Client]) -> None:
    assert client_of("claude").get("/search/", {"q": asked}).headers["Location"] == found


def test_search_finds_amounts_and_ibans(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("claude")
    found = client.get("/search/", {"q": "1 234,58"}).context["found"]
    assert [hit.item_id for hit in found.items] == ["A:2:late"]
    assert [hit.receipt_id for hit in found.receipts] == ["A:2:r"]
    found = client.get("/search/", {"q": "FR76 3000 6000 0112 3456 7890 189"}).context["found"]
    assert len(found.customers) == 4


def test_a_match_is_accepted_and_undone(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("camille")
    proposal = town.ids["proposal_id"]
    answer = client.post(f"/receipts/accept/{proposal}/", headers={"HX-Request": "true"})
    assert "Match accepted" in answer.content.decode()
    item = Item.objects.get(item_id="A:0:late", is_current=True)
    assert item.open == 0
    page = client.get("/receipt/A:0:r").context["page"]
    assert page.row.undo_id
    assert [(row.item_id, row.amount) for row in page.applied] == [("A:0:late", 123_456)]
    client.post(f"/receipts/undo/{page.row.undo_id}/", headers={"HX-Request": "true"})
    item.refresh_from_db()
    assert Item.objects.get(item_id="A:0:late", is_current=True).open == 123_456
    assert client.get("/receipt/A:0:r").context["page"].row.undo_id is None


def test_a_view_is_saved_and_is_its_owners_alone(town: Town, client_of: Callable[[str], Client]) -> None:
    client_of("claude").post("/customers/views/", {"name": "Late ones", "query": "state=late_60&page=3"})
    assert [view[1:] for view in client_of("claude").get("/customers/").context["page"].views] == [
        ("Late ones", "state=late_60")
    ]
    assert not client_of("camille").get("/customers/").context["page"].views


def test_a_statement_is_a_pdf_and_takes_no_markup(town: Town, client_of: Callable[[str], Client]) -> None:
    from encours.store.models import Customer

    Customer.objects.filter(customer_id="A:0").update(name='#panic("no") $x$ *bold* \\ "')
    answer = client_of("claude").get("/customer/statement/A:0.pdf")
    assert answer.content.startswith(b"%PDF-")


def test_a_mapping_is_corrected_and_kept_for_the_next_file(
    town: Town, client_of: Callable[[str], Client], tmp_path: Path
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = client_of("camille")
    body = (
        "Cpte tiers;Raison;Piece;Du;Pour le;Montant devise;Divers\n0;Zirconia 0;ZIR-7;01/10/2026;31/10/2026;12,00;x\n"
    )
    answer = client.post("/imports/receive/", {"entity": "A", "files": SimpleUploadedFile("one.csv", body.encode())})
    address = answer.headers["Location"]
    client.post(f"{address}preview/")
    file_id = client.get(address).context["page"].files[0].file_id
    fields = ("customer_code", "customer_name", "number", "issued_on", "due_on", "open", "")
    headings = body.splitlines()[0].split(";")
    draft = {"kind": "open_items", "header_row": "1", "currency": "EUR", "sign": "as_is", "save": "1"}
    for index, (field, heading) in enumerate(zip(fields, headings, strict=True)):
        draft |= {f"field-{index}": field, f"heading-{index}": heading}
    client.post(f"{address}files/{file_id}/mapping/", draft)
    page = client.get(address).context["page"]
    assert {table: new for table, new, _, _ in page.counts}["items"] == 1
    second = body.replace("ZIR-7", "ZIR-8").replace("12,00", "13,00")
    answer = client.post("/imports/receive/", {"entity": "A", "files": SimpleUploadedFile("two.csv", second.encode())})
    client.post(f"{answer.headers['Location']}preview/")
    client.post(f"{answer.headers['Location']}commit/")
    assert Item.objects.get(number="ZIR-8").amount == 1_300


def test_rejected_lines_are_given_back(town: Town, client_of: Callable[[str], Client]) -> None:
    ids = town.ids
    answer = client_of("camille").get(f"/imports/{ids['import_id']}/files/{ids['file_id']}/rejected/")
    assert b"ZIR-8" in b"".join(answer.streaming_content)  # type: ignore[arg-type]  # a synchronous answer


@pytest.mark.one_database
def test_the_sidebar_shows_only_what_one_may_open(town: Town, client_of: Callable[[str], Client]) -> None:
    shown = client_of("sacha").get("/").content.decode()
    assert 'href="/customers/"' in shown
    assert 'href="/imports/"' not in shown
    assert 'href="/settings/"' not in shown
    assert 'href="/settings/"' in client_of("alice").get("/").content.decode()


@pytest.mark.one_database
def test_an_unknown_address_says_so_in_the_frame(town: Town, client_of: Callable[[str], Client]) -> None:
    answer = client_of("claude").get("/nothing/")
    assert answer.status_code == 404
    assert "Not found" in answer.content.decode()
