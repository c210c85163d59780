"""A day at Encours in Chromium: sign in, import, map, find, match, undo, export; every page read by axe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from encours.connectors.book_folder import write_book
from encours.store.models import Entity, Item, Role, User
from encours.usecases import clock
from encours.usecases.import_files import import_now
from encours.usecases.rights import job
from tests.browser.conftest import WIDTHS, assert_accessible, axe_faults, overflow_pixels
from tests.web.cast import PASSWORD, book_of, build_town

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True)]
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
    "/receipt/A:0:r",
    "/cash/",
    "/cash/figures/",
    "/cash/policy/",
    "/cash/advices/",
    "/cash/advices/?tab=came",
    "/cash/differences/",
    "/cash/credit-notes/",
    "/signals/",
    "/signals/?view=alone",
    "/signals/?view=passed",
    "/search/?q=Zirconia",
    "/imports/",
    "/settings/",
    "/settings/?part=users",
    "/settings/?part=delegations",
    "/settings/?part=portfolios",
    "/settings/?part=rules",
    "/settings/?part=rates",
    "/help/",
    "/account/password/change/",
    "/account/2fa/",
    "/nothing-here/",
    "/forecast/",
    "/forecast/?part=customers",
    "/forecast/?part=changes",
    "/forecast/?part=scenarios",
    "/forecast/?part=accuracy",
    "/forecast/customer/A:0",
    "/exports/",
    "/exports/?entity=A",
    "/exports/rules/?of=A",
    "/trust/",
    "/trust/?entity=A",
    "/trust/disagreements/",
    "/trust/disagreements/?tab=judged",
    "/today/",
    "/today/?tab=done",
    "/today/figures/",
    "/outbox/",
    "/outbox/?tab=held",
    "/outbox/?tab=withheld",
    "/scenarios/",
    "/scenarios/sme/?of=A&step=letter",
    "/scenarios/sme/?of=A&tab=members",
    "/scenarios/sme/?of=A&step=new",
    "/scenarios/sme/?of=A&tab=backtest",
    "/scenarios/sme/?of=A&tab=compare",
    "/scenarios/sme/?of=A&tab=experiments",
    "/scenarios/new/?of=A",
    "/scenarios/sme/shape/?of=A",
    "/templates/",
    "/templates/?of=A&add=nl",
    "/templates/words/?of=A&language=de",
)


@pytest.mark.slow
def test_every_page_is_accessible_and_fits_its_window(
    open_page: Callable[..., Page], settings: Any, tmp_path: Path
) -> None:
    """Each page is loaded once, every second one on a phone, and then looked at in the other window as well."""
    settings.HOME = tmp_path / "home"
    town = build_town(tmp_path)
    page = open_page(user=town.users["alice"])
    imported = f"/imports/{town.ids['import_id']}/"
    past = f"/?on={clock.today() - timedelta(days=30)}&reading=known"
    faults = []
    rewinding = f"/trust/run/{town.ids['run_id']}/"
    advised = f"/cash/advices/of/{town.ids['advice_id']}"
    acting = [f"/today/{town.ids['number']}/?do={form}" for form in ("send", "call")]
    written = f"/outbox/{town.ids['message_id']}/"
    mapping = f"{imported}files/{town.ids['file_id']}/mapping/"
    windows = list(WIDTHS.items())
    for address in (*_PAGES, *acting, written, rewinding, advised, imported, mapping, past):
        _resize(page, windows[0][1])
        page.goto(address)
        for width, size in windows:
            _resize(page, size)
            page.wait_for_load_state("networkidle")
            faults += [f"{address} ({width}): {fault}" for fault in axe_faults(page)]
            if overflow_pixels(page):
                faults.append(f"{address} ({width}) is {overflow_pixels(page)} pixels too wide")
        windows.reverse()
    assert not faults, "\n".join(faults)


def _resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def test_the_sign_in_page_is_accessible(width: str, open_page: Callable[..., Page]) -> None:
    page = open_page(width)
    page.goto("/")
    assert "/account/login/" in page.url
    assert_accessible(page)
    assert not overflow_pixels(page)


def test_a_day_at_encours(open_page: Callable[..., Page], settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path / "home"
    _town_of_one(tmp_path)
    page = open_page()
    _sign_in(page)
    files = _three_files(tmp_path)
    _import(page, files)
    _fix_the_mapping(page)
    _find_a_customer(page)
    _match_and_undo(page)
    _export(page, tmp_path)


def _town_of_one(folder: Path) -> None:
    write_book(book_of("A", clock.today()), folder / "book")
    import_now(job("test"), None, [folder / "book"])
    user = User.objects.create(username="alice", email="alice@example.org", language="en")
    user.set_password(PASSWORD)
    user.save()
    Role.objects.create(user=user, entity=Entity.objects.get(), kind="administrator")


def _three_files(folder: Path) -> list[str]:
    """Open items with one bad line, a second list with headings nobody guesses, bank lines."""
    day = clock.today()
    known = folder / "open-items.csv"
    known.write_text(
        "Compte client;Nom;N° facture;Date facture;Date échéance;Solde;Devise\n"
        f"0;Zirconia 0;NEW-1;{day:%d/%m/%Y};{day:%d/%m/%Y};100,00;EUR\n"
        f"0;Zirconia 0;NEW-2;99/99/2026;{day:%d/%m/%Y};200,00;EUR\n",
        encoding="utf-8",
    )
    odd = folder / "odd.csv"
    odd.write_text(
        "Qui;Quoi;Depuis;Pour;Combien\n" + f"0;ODD-1;{day:%d/%m/%Y};{day:%d/%m/%Y};300,00\n", encoding="utf-8"
    )
    bank = folder / "banque.csv"
    bank.write_text(
        "Date opération;Libellé;Débit;Crédit;Devise\n" + f"{day:%d/%m/%Y};VIR ZIRCONIA 0 NEW-1;;100,00;EUR\n",
        encoding="utf-8",
    )
    return [str(known), str(odd), str(bank)]


def _sign_in(page: Page) -> None:
    page.goto("/")
    page.locator("input[type=email]").fill("alice@example.org")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    page.wait_for_url("**/")
    assert page.get_by_role("heading", level=1).inner_text() == "Overview"


def _import(page: Page, files: list[str]) -> None:
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/imports/")
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name="Read the files").click()
    page.get_by_role("heading", name="What it would change").wait_for()
    rejected = page.get_by_role("link", name="Rejected lines").first
    with page.expect_download() as download:
        rejected.click()
    assert "NEW-2" in Path(download.value.path()).read_text()


def _fix_the_mapping(page: Page) -> None:
    page.get_by_role("row", name="odd.csv").get_by_role("link", name="Columns").click()
    page.get_by_label("The file holds").select_option("open_items")
    page.locator("#field-0 option[value=number]").wait_for(state="attached")
    fields = ("customer_code", "number", "issued_on", "due_on", "open")
    for index, field in enumerate(fields):  # each choice is tried at once, and none waits for the one before
        page.locator(f"#field-{index}").select_option(field)
    for index, field in enumerate(fields):
        page.locator(f"#field-{index} option[value={field}]:checked").wait_for(state="attached")
    page.locator("#currency").fill("EUR")
    page.get_by_role("button", name="Save the columns").click()
    page.get_by_role("heading", name="What it would change").wait_for()
    page.get_by_role("button", name="Put into the book").click()
    page.get_by_text("Imported", exact=True).first.wait_for()
    assert Item.objects.get(number="ODD-1", is_current=True).amount == 30_000
    assert Item.objects.get(number="NEW-1", is_current=True).amount == 10_000
    assert not Item.objects.filter(number="NEW-2").exists()


def _find_a_customer(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("ODD-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/item/**")
    page.get_by_role("link", name="Zirconia 0").first.click()
    page.wait_for_url("**/customer/**")
    assert page.get_by_role("link", name="ODD-1").is_visible()


def _match_and_undo(page: Page) -> None:
    page.goto("/receipts/")
    page.get_by_role("button", name="Look for exact matches").click()
    page.wait_for_url("**state=proposed")
    line = page.locator("tbody.line", has_text="ZIR-001")
    line.wait_for()
    page.keyboard.press("j")
    while "ZIR-001" not in page.locator("tbody[aria-current=true]").inner_text():
        page.keyboard.press("j")
    page.keyboard.press("a")
    page.locator(".toast", has_text="Match accepted").wait_for()
    assert Item.objects.get(item_id="A:0:late", is_current=True).open == 0
    page.keyboard.press("u")
    page.locator(".toast", has_text="Match undone").wait_for()
    assert Item.objects.get(item_id="A:0:late", is_current=True).open == 123_456


def _export(page: Page, folder: Path) -> None:
    page.goto("/customers/")
    with page.expect_download() as download:
        page.get_by_role("link", name="XLSX").click()
    target = folder / "customers.xlsx"
    download.value.save_as(target)
    assert target.read_bytes().startswith(b"PK")
