"""A clerk's morning in Chromium: a statement comes in, ten receipts are worked by keyboard alone, pages are clean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.store.models import Advance, Allocation, Dispute, Entity, Item, NotCustomer, Receipt, Role, User
from encours.usecases import clock
from encours.usecases.import_files import import_now
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import actor_of, job
from tests.browser.conftest import assert_accessible, overflow_pixels

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True)]
_CUSTOMERS = 10
_OWN = "FR7612345987650123456789014"


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = TABLES[name].schema
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)


def _book(day: date) -> Book:
    """Ten customers with two invoices each; those of customer 5 offer a discount."""
    numbers = range(_CUSTOMERS)
    return Book.of(
        entities=_frame("entities", [{"entity_id": "A", "name": "Valmont", "country": "FR", "currency": "EUR"}]),
        customers=_frame(
            "customers",
            [{"customer_id": f"A:{n}", "entity_id": "A", "name": f"Zirconia {n}", "kind": "business"} for n in numbers],
        ),
        items=_frame("items", [_item(n, which, day) for n in numbers for which in (1, 2)]),
    )


def _item(n: int, which: int, day: date) -> dict[str, Any]:
    offer = {"discount_on": day + timedelta(5), "discount_amount": 2_000} if n == 5 and which == 1 else {}
    return {
        "item_id": f"A:ZIR-{n}0{which}",
        "entity_id": "A",
        "customer_id": f"A:{n}",
        "number": f"ZIR-2026-{n}0{which}",
        "kind": "invoice",
        "issued_on": day - timedelta(40),
        "due_on": day - timedelta(10),
        "amount": 100_000 + n if which == 1 else 45_000 + 7 * n,
        "currency": "EUR",
        **offer,
    }


#: What the bank says, customer by customer: text and cents.
_LINES = (
    ("VIR ZIRCONIA 0 ZIR-2026-001", 100_000),
    ("VIR ZIRCONIA 1 ZIR-2026-101", 100_001),
    ("VIR ZIRCONIA 2 ZIR-2026-201", 100_002),
    ("VIR ZIRCONIA 3 ZIR-2026-301", 100_003),
    ("VIR GROUPE ZIR SANS REFERENCE", 145_032),  # ZIR-2026-401 and customer 9's second: split
    ("VIR ZIRCONIA 5 ZIR-2026-501", 98_005),  # less the discount of 20.00
    ("VIR ZIRCONIA 6 ZIR-2026-601 ECART DE PRIX", 88_006),  # 120.00 short
    ("VIR ACOMPTE COMMANDE ZIRCONIA 7", 30_000),
    ("VIR INTERNE COMPTE LIVRET", 77_777),
    ("VIR ZIRCONIA 8 ZIR-2026-801", 100_008),
)
_SPLIT = 100_004 + 45_063


@pytest.fixture
def clerk(settings: Any, tmp_path: Path) -> User:
    """A clerk of the entity with the book."""
    settings.HOME = tmp_path / "home"
    write_book(_book(clock.today()), tmp_path / "book")
    import_now(job("test"), None, [tmp_path / "book"])
    user = User.objects.create(username="camille", email="camille@example.org", language="en")
    for kind in ("cash_application", "credit_manager"):
        Role.objects.create(user=user, entity=Entity.objects.get(), kind=kind)
    return user


def _statement(folder: Path) -> str:
    day = clock.today()
    amounts = [(_SPLIT if n == 4 else cents) for n, (_, cents) in enumerate(_LINES)]
    rows = [
        f"{day:%d/%m/%Y};{text};;{cents // 100},{cents % 100:02d};EUR"
        for (text, _), cents in zip(_LINES, amounts, strict=True)
    ]
    file = folder / "banque.csv"
    file.write_text("Date opération;Libellé;Débit;Crédit;Devise\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return str(file)


def test_ten_receipts_by_keyboard_alone(open_page: Callable[..., Page], clerk: User, tmp_path: Path) -> None:
    page = open_page(user=clerk, locale="en-GB")
    _import(page, _statement(tmp_path))
    propose_matches(actor_of(clerk))
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/cash/")
    desk = _Desk(page)
    for n in (0, 1, 2, 3, 8):
        desk.open(f"ZIR-2026-{n}01")
        desk.done("a")
    assert _open("A:ZIR-001", "A:ZIR-101", "A:ZIR-201", "A:ZIR-301", "A:ZIR-801") == [0] * 5
    desk.open("ZIR-2026-501")
    desk.done("a")
    assert _kinds("A:ZIR-501") == {"cash": 98_005, "discount": 2_000}
    _short_payment(desk)
    _without_a_match(desk)
    assert not Receipt.objects.filter(is_current=True, unapplied__gt=0).exclude(
        receipt_id__in=[*Advance.objects.values_list("receipt_id", flat=True), *_not_customers()]
    )


def test_the_desk_is_accessible_and_fits(
    width: str, open_page: Callable[..., Page], clerk: User, tmp_path: Path
) -> None:
    import_now(job("test"), "A", [Path(_statement(tmp_path))])
    propose_matches(actor_of(clerk))
    page = open_page(width, clerk)
    for tab in ("check", "none", "done"):
        page.goto(f"/cash/?tab={tab}")
        if page.locator("#queue a.line").count():
            page.locator("#queue a.line").first.click()
            page.wait_for_load_state("networkidle")
        assert_accessible(page)
        assert not overflow_pixels(page), tab


class _Desk:
    """The desk as hands know it: no pointer."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def receipt(self) -> str:
        """The receipt on the desk."""
        return self.page.locator("[data-unapplied]").get_attribute("data-receipt") or ""

    def open(self, text: str) -> None:
        """Walks down, then up, until a receipt whose text says this is on the desk."""
        for key in ("j", "k"):
            for _ in range(len(_LINES) + 1):
                if text in self.page.locator(".remittance").inner_text():
                    settled(self.page)
                    return
                before = self.receipt()
                self.page.keyboard.press(key)
                if not self._moves(before):
                    break
        raise AssertionError(f"{text} is not in the queue")

    def done(self, key: str) -> None:
        """Presses a key that ends with the next receipt, or none, on the desk."""
        before = self.receipt()
        self.page.keyboard.press(key)
        self.page.wait_for_function(
            "id => { const e = document.querySelector('[data-unapplied]'); return !e || e.dataset.receipt !== id }",
            arg=before,
        )
        settled(self.page)

    def _moves(self, before: str) -> bool:
        try:
            self.page.wait_for_function(
                "id => document.querySelector('[data-unapplied]').dataset.receipt !== id", arg=before, timeout=1_500
            )
        except Exception:
            settled(self.page)  # an answer may be late; at the end of the queue there is none
        return self.receipt() != before


def settled(page: Page) -> None:
    """Waits until what was asked of the server is on the page: keys pressed before would be swapped away."""
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")


def _import(page: Page, file: str) -> None:
    page.goto("/imports/")
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("button", name="Read the files").click()
    page.get_by_role("heading", name="What it would change").wait_for()
    page.get_by_role("button", name="Put into the book").click()
    page.get_by_text("Imported", exact=True).first.wait_for()


def _short_payment(desk: _Desk) -> None:
    """The item is chosen whole; what came less is a price difference, which opens a dispute."""
    desk.open("ZIR-2026-601")
    page = desk.page
    page.keyboard.press("ArrowDown")
    _choose_whole(page, "1,000.06")
    price = page.locator("#gap label", has_text="Price difference")
    price.wait_for()
    page.keyboard.press(price.locator("kbd").inner_text())
    settled(page)
    desk.done("a")
    dispute = Dispute.objects.get(item_id="A:ZIR-601", is_current=True)
    assert (dispute.amount, dispute.reason) == (12_000, "price")


def _choose_whole(page: Page, amount: str) -> None:
    page.keyboard.press("e")
    page.keyboard.type(amount)
    page.keyboard.press("Enter")
    settled(page)


def _without_a_match(desk: _Desk) -> None:
    """Split over two customers, advance, not from a customer: what nothing was proposed for."""
    page = desk.page
    page.goto("/cash/?tab=none")
    desk.open("SANS REFERENCE")
    for number in ("ZIR-2026-401", "ZIR-2026-902"):
        page.keyboard.press("s")
        page.keyboard.type(number)
        page.keyboard.press("Enter")
        page.locator("#items tr[data-at]", has_text=number).wait_for()
        page.keyboard.press(" ")
    page.locator("[data-difference].good").wait_for()
    desk.done("a")
    assert _open("A:ZIR-401", "A:ZIR-902") == [0, 0]
    desk.open("ACOMPTE")
    page.locator("#advance-of").focus()
    page.keyboard.type("7")
    page.keyboard.press("Escape")
    desk.done("v")
    assert Advance.objects.get().customer_id == "A:7"
    desk.open("INTERNE")
    desk.done("n")
    assert NotCustomer.objects.get().reason == "own_transfer"


def _open(*ids: str) -> list[int]:
    found = dict(Item.objects.filter(item_id__in=ids, is_current=True).values_list("item_id", "open"))
    return [found[name] for name in ids]


def _kinds(item_id: str) -> dict[str, int]:
    return dict(Allocation.objects.filter(item_id=item_id, is_current=True).values_list("kind", "amount"))


def _not_customers() -> list[str]:
    return list(NotCustomer.objects.values_list("receipt_id", flat=True))
