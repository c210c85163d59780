"""The judge of the pages can judge: axe finds what is wrong on a page made wrong, and nothing on a sound one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.conftest import axe_faults, overflow_pixels

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_PAGE = '<!doctype html><html lang="fr"><head><title>Encours</title></head><body><main>{}</main></body></html>'


def test_a_field_without_a_label_is_serious(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(_PAGE.format("<h1>Clients</h1><input>"))
    assert [fault.split(" ")[0] for fault in axe_faults(page)] == ["label"]
    page.close()


def test_a_sound_page_has_no_fault(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(_PAGE.format("<h1>Clients</h1><label>Recherche <input></label>"))
    assert axe_faults(page) == []
    page.close()


def test_a_table_wider_than_a_phone_is_measured(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_content(_PAGE.format('<div style="width:600px">1 234,00</div>'))
    assert overflow_pixels(page) > 200
    page.close()
