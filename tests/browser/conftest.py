"""A Chromium that drives the running application: pages of two widths, signed in, and axe's verdict on them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.core.handlers.base import BaseHandler
from django.db.backends.utils import CursorWrapper

from tests.browsers import ARGS, find_chromium, missing_for_browser_tests

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WIDTHS = {"desktop": (1440, 900), "phone": (390, 844)}
_SERIOUS = {"serious", "critical"}

# Playwright's synchronous calls run an event loop in the test's thread; Django would refuse the database there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives the browser."""
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; they are skipped where the machine has none."""
    from playwright.sync_api import sync_playwright

    missing = missing_for_browser_tests()
    if missing:
        pytest.skip(missing)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGS))
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite in memory is one connection for the test and every thread of its server.

    Two requests at once would meet in it, as they never do on a real database; and so would a request and what the
    test itself asks meanwhile, which therefore waits until the request is answered.
    """
    lock = threading.RLock()
    answer = BaseHandler.get_response

    def alone(self: BaseHandler, request: Any) -> Any:
        with lock:
            return answer(self, request)

    monkeypatch.setattr(BaseHandler, "get_response", alone)
    for name in ("execute", "executemany"):
        monkeypatch.setattr(CursorWrapper, name, _waiting(getattr(CursorWrapper, name), lock))


def _waiting(ask: Callable[..., Any], lock: Any) -> Callable[..., Any]:
    """A cursor's method that waits for its turn; within a request it is the request's own."""

    def asked(*values: Any, **named: Any) -> Any:
        with lock:
            return ask(*values, **named)

    return asked


@pytest.fixture(params=list(WIDTHS))
def width(request: pytest.FixtureRequest) -> str:
    """The name of a window's width: a test that takes it runs at 1440 and at 390 pixels."""
    return str(request.param)


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """`open_page(width="desktop", user=None, locale="fr-FR")`: a page of a fresh context, signed in as `user`.

    Relative addresses are the live server's: `page.goto("/customers/")`. A JavaScript error, a failed answer (5xx) or
    a request to another host fails the test when it ends.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opened(width: str = "desktop", user: Any = None, locale: str = "fr-FR") -> Page:
        wide, high = WIDTHS[width]
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": wide, "height": high},
            locale=locale,
            timezone_id="Europe/Paris",
            accept_downloads=True,
        )
        contexts.append(context)
        if user is not None:
            sign_in(context, live_server.url, user)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        page.on("response", lambda answer: answer.status >= 500 and faults.append(f"{answer.status} {answer.url}"))
        page.on("request", lambda request: _is_foreign(request.url, live_server.url) and faults.append(request.url))
        return page

    yield opened
    for context in contexts:
        context.set_offline(True)  # what a page says on leaving would meet the database being emptied
        context.close()
    assert not faults, "\n".join(faults)


def _is_foreign(url: str, own: str) -> bool:
    return url.startswith(("http://", "https://", "ws://")) and not url.startswith(own)


def sign_in(context: BrowserContext, url: str, user: Any) -> None:
    """Puts a session of `user` into the browser, without the sign-in page."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])


def axe_faults(page: Page) -> list[str]:
    """axe's serious and critical violations on the page as it stands, one a line with the elements concerned."""
    from axe_playwright_python.base import AXE_SCRIPT
    from axe_playwright_python.sync_playwright import Axe

    # The page that was judged in one window keeps axe for the other.
    judge = Axe("" if page.evaluate("'axe' in window") else AXE_SCRIPT)
    # Of what is in order one element a rule is enough: nobody reads the rest.
    violations = judge.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [_said(fault) for fault in violations if fault["impact"] in _SERIOUS]


def _said(fault: dict[str, Any]) -> str:
    places = ", ".join(str(node["target"]) for node in fault["nodes"])
    return f"{fault['id']} ({fault['impact']}): {fault['help']}: {places}"


def assert_accessible(page: Page) -> None:
    """Fails with axe's words where a page has a serious violation."""
    faults = axe_faults(page)
    assert not faults, f"{page.url}\n" + "\n".join(faults)


def overflow_pixels(page: Page) -> int:
    """How far the page scrolls sideways: 0 on a real layout."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
