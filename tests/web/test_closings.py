"""Cadrage and arrêtés on screen: typed balances, seals, reopening, what changed since, and who may look at them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from encours.connectors.book_folder import write_book
from encours.store import audit
from encours.store.models import Closing, ClosingBalance, LedgerBalance, User
from encours.usecases import clock
from encours.usecases.close_period import close_period, see_closing
from encours.usecases.import_files import import_now
from encours.usecases.rights import NotAllowedError, actor_of, job
from encours.usecases.show_closings import month_end
from encours.usecases.tie_ledger import tie_ledger
from tests.web.cast import Town, book_of

pytestmark = pytest.mark.django_db

_LAST = clock.today().replace(day=1) - timedelta(days=1)  # the end of the month before
_MONTH = f"{_LAST:%Y-%m}"
_REASON = "the ledger of that month is not here yet"
Signed = Callable[[str], Client]


def owed(entity_id: str, day: date) -> int:
    """What the book says of the entity on a day, by the cadrage's own sum."""
    return sum(tie_ledger(job("test"), entity_id, day).accounts["encours"])


def type_in(client: Client, amount: int, on: date = _LAST) -> None:
    """A balance of 411 from the ERP's screen."""
    text = f"{amount / 100:.2f}".replace(".", ",")
    data = {"of": "A", "on": on.isoformat(), "balance-411-EUR": text, "balance-416-EUR": ""}
    assert client.post("/closings/balances/", data).status_code == 302


def seal(client: Client, **more: str) -> Closing | None:
    """Seals the month before in A, as the form does."""
    assert client.post("/closings/seal/", {"of": "A", "month": _MONTH} | more).status_code == 302
    return Closing.objects.filter(month=_LAST).order_by("pk").last()


def test_a_month_that_ties_is_sealed_without_a_reason(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    total = owed("A", _LAST)
    type_in(client, total)
    page = client.get(f"/closings/?seal={_MONTH}").context["page"]
    assert page.check.ties
    assert page.check.ready
    closing = seal(client)
    assert closing is not None
    shown = client.get(f"/closings/{closing.pk}/").context["page"]
    assert shown.intact
    assert shown.ties
    assert shown.totals == [("EUR", total)]
    assert not shown.changes_count
    assert shown.customers == ClosingBalance.objects.filter(closing=closing).count() == 4
    assert [row.state for row in client.get("/closings/").context["page"].months if row.end == _LAST] == ["sealed"]
    assert audit.verify().intact


def test_a_month_is_sealed_once(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    assert seal(client, why=_REASON)
    assert (
        "Not sealed"
        in client.post("/closings/seal/", {"of": "A", "month": _MONTH, "why": _REASON}, follow=True).content.decode()
    )
    assert Closing.objects.filter(month=_LAST).count() == 1


def test_a_gap_is_sealed_with_its_reason_only(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    type_in(client, owed("A", _LAST) + 12_345)
    page = client.get(f"/closings/?seal={_MONTH}")
    assert [row.gap for row in page.context["page"].check.accounts if row.gap] == [12_345]
    assert seal(client) is None
    assert seal(client, why="   ") is None
    closing = seal(client, why=_REASON)
    assert closing is not None
    text = client.get(f"/closings/{closing.pk}/").content.decode()
    assert _REASON in text
    assert "123.45" in text
    assert _REASON in client.get("/closings/").content.decode()


def test_a_running_month_is_not_sealed(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    data = {"of": "A", "month": f"{clock.today():%Y-%m}", "why": _REASON}
    assert "Not sealed" in client.post("/closings/seal/", data, follow=True).content.decode()
    assert not Closing.objects.filter(month__gte=_LAST).exists()


def test_a_month_is_opened_again_for_a_reason(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    closing = seal(client, why=_REASON)
    assert closing is not None
    client.post(f"/closings/{closing.pk}/reopen/", {"why": " "})
    closing.refresh_from_db()
    assert closing.state == "sealed"
    client.post(f"/closings/{closing.pk}/reopen/", {"why": "an invoice was forgotten"})
    closing.refresh_from_db()
    assert closing.state == "reopened"
    assert "an invoice was forgotten" in client.get(f"/closings/{closing.pk}/").content.decode()
    months = [row for row in client.get("/closings/").context["page"].months if row.end == _LAST]
    assert [(row.state, row.may_seal) for row in months] == [("open", True), ("reopened", False)]
    again = seal(client, why=_REASON)
    assert again is not None
    assert again.pk != closing.pk


def test_what_came_later_is_what_changed_since(town: Town, client_of: Signed, tmp_path: Path) -> None:
    client = client_of("claude")
    closing = seal(client, why=_REASON)
    assert closing is not None
    late = book_of("A", clock.today())
    items = late.items.filter(pl.col("item_id") == "A:0:late").with_columns(
        item_id=pl.lit("A:0:forgotten"), number=pl.lit("ZIR-FORGOTTEN"), amount=pl.lit(77_700, pl.Int64)
    )
    folder = tmp_path / "late"
    write_book(type(late).of(entities=late.entities, customers=late.customers, items=items), folder)
    import_now(job("test"), None, [folder])
    page = client.get(f"/closings/{closing.pk}/").context["page"]
    assert page.intact
    assert [(row.label, row.sealed, row.now, row.change) for row in page.changes] == [
        ("ZIR-FORGOTTEN", 0, 77_700, 77_700)
    ]
    assert page.totals == [("EUR", owed("A", _LAST) - 77_700)]  # the sealed figures stay
    text = client.get(f"/closings/{closing.pk}/export.csv?part=changes").content.decode("utf-8-sig")
    assert "ZIR-FORGOTTEN" in text
    assert "777.00" in text


def test_a_seal_that_was_touched_is_broken(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    closing = seal(client, why=_REASON)
    assert closing is not None
    (path,) = (town.home / "closings" / "A").glob(f"*{closing.digest[:16]}.parquet")
    kept = path.read_bytes()
    try:
        frame = pl.read_parquet(path)
        frame.with_columns(open=pl.col("open") + 1).write_parquet(path)
        assert not client.get(f"/closings/{closing.pk}/").context["page"].intact
        path.unlink()
        assert "The seal is broken" in client.get(f"/closings/{closing.pk}/").content.decode()
    finally:
        path.write_bytes(kept)
    assert see_closing(job("test"), closing.pk).intact


def test_sealed_balances_leave_as_numbers(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    closing = seal(client, why=_REASON)
    assert closing is not None
    sheet = client.get(f"/closings/{closing.pk}/export.xlsx").content
    head, *rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert round(sum(row[head.index("Total")] for row in rows) * 100) == owed("A", _LAST)
    for sort in ("name", "-not_due", "d1_30", "-unapplied", "nonsense"):
        assert client.get(f"/closings/{closing.pk}/?sort={sort}").status_code == 200


def test_bank_lines_without_the_ledger_are_listed_and_given_out(town: Town, client_of: Signed) -> None:
    from encours.store.models import Receipt

    client = client_of("claude")
    before = {part.part: part.count for part in client.get("/closings/").context["page"].single.explained}
    assert before["decided"] == 1  # the match that the town accepted; no ledger has brought it back
    text = client.get("/closings/lines.csv?of=A&part=decided").content.decode("utf-8-sig")
    assert "ZIR-101" in text
    assert Receipt.objects.filter(entity_id="A", is_current=True).count() == 4
    assert before["bank_only"] == 0  # no ledger covers those days: nothing can be missing there


def test_another_entitys_closing_is_not_there(town: Town, client_of: Signed) -> None:
    closing = close_period(job("test"), "A", _LAST, _REASON)
    for address in (
        f"/closings/{closing.pk}/",
        f"/closings/{closing.pk}/export.csv",
        "/closings/lines.csv?of=A&part=decided",
    ):
        assert client_of("victor").get(address).status_code == 404, address
        assert client_of("nemo").get(address).status_code == 404, address
        assert client_of("colette").get(address).status_code == 403, address
    assert "Zirconia" not in client_of("victor").get("/closings/?entity=A").content.decode().split("<main", 1)[1]
    assert client_of("victor").post(f"/closings/{closing.pk}/reopen/", {"why": "mine"}).status_code == 404
    assert client_of("camille").post(f"/closings/{closing.pk}/reopen/", {"why": "mine"}).status_code == 403
    assert Closing.objects.get(pk=closing.pk).state == "sealed"


def test_a_portfolio_never_ties_a_whole_entity(town: Town) -> None:
    colette = actor_of(User.objects.get(username="colette"))
    closing = close_period(job("test"), "A", _LAST, _REASON)
    for act in (lambda: tie_ledger(colette, "A", _LAST), lambda: see_closing(colette, closing.pk)):
        with pytest.raises(NotAllowedError) as refused:
            act()
        assert refused.value.why == "portfolio"


def test_the_sidebar_offers_it_to_who_may_open_it(town: Town, client_of: Signed) -> None:
    assert 'href="/closings/"' in client_of("sacha").get("/").content.decode()
    assert 'href="/closings/"' not in client_of("colette").get("/").content.decode()
    assert client_of("colette").get("/closings/").status_code == 403


def test_several_entities_are_a_block_each(town: Town, client_of: Signed) -> None:
    page = client_of("alice").get("/closings/").context["page"]
    assert [block.entity_id for block in page.blocks] == ["A", "B"]
    assert not page.months
    assert client_of("alice").get("/closings/?entity=B").context["page"].single.entity_id == "B"


def test_balances_that_make_no_sense_are_not_kept(town: Town, client_of: Signed) -> None:
    client = client_of("camille")
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    for data in (
        {"on": tomorrow, "balance-411-EUR": "1"},
        {"on": "soon", "balance-411-EUR": "1"},
        {"on": _LAST.isoformat(), "balance-411-EUR": "a lot"},
        {"on": _LAST.isoformat(), "balance-411-XXQ": "1"},
        {"on": _LAST.isoformat(), "balance-411-EUR": ""},
    ):
        answer = client.post("/closings/balances/", {"of": "A"} | data, follow=True)
        assert "Not saved" in answer.content.decode(), data
    assert not LedgerBalance.objects.exists()


def test_months_end_where_they_end() -> None:
    assert month_end(date(2028, 2, 3)) == date(2028, 2, 29)
    assert month_end(date(2026, 12, 31)) == date(2026, 12, 31)


def test_the_pages_ask_at_most_thirty_queries(town: Town, client_of: Signed) -> None:
    client = client_of("alice")
    closing = close_period(job("test"), "A", _LAST, _REASON)
    for address in ("/closings/", f"/closings/?entity=A&seal={_MONTH}", f"/closings/{closing.pk}/"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        assert len(queries) <= 30, "\n".join(query["sql"][:160] for query in queries)


def test_the_screen_speaks_the_trades_french(town: Town, client_of: Signed) -> None:
    User.objects.filter(username="claude").update(language="fr")
    text = client_of("claude").get(f"/closings/?seal={_MONTH}").content.decode()
    for word in ("Cadrage et arrêtés", "Compte collectif", "Décidé, non comptabilisé", "Écart", "à arrêter", "motif"):
        assert word in text, word
