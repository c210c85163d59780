"""Takes the pictures of the README: `encours demo` in a folder of its own, its pages in Chromium, in both languages.

`python -m scripts.screenshots [--home FOLDER]`; with `--home` a demo that was built there before is used again.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browsers import ARGS, find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
_PATIENCE_SECONDS = 600
_WIDE, _PHONE = (1440, 900), (390, 844)

# A session of the demo's own user, written by Django itself: the pictures need no password.
_SIGN_IN = """
import django; django.setup()
from django.contrib.auth import get_user_model
from django.test import Client
user = get_user_model().objects.filter(is_active=True).order_by("pk").first()
user.language = {language!r}; user.save()
client = Client(); client.force_login(user)
print(client.cookies["sessionid"].value)
"""


def main(argv: list[str] | None = None) -> int:
    """Builds the demo, takes every picture, writes them into docs/images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="the folder of a demo to use, or to build and keep")
    call = parser.parse_args(argv)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="encours-pictures-") as folder:
        home = (call.home or Path(folder)).resolve()
        with _demo(home) as url:
            _take_all(url, home)
    return 0


def _take_all(url: str, home: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGS))
        for language in ("en", "fr"):
            cookie = {"name": "sessionid", "value": _session(home, language), "url": url}
            suffix = "" if language == "en" else f".{language}"
            for name, address in _addresses(browser, url, cookie).items():
                _take(browser, cookie, url + address, IMAGES / f"{name}{suffix}.png", _WIDE)
            _take(browser, cookie, f"{url}/", IMAGES / f"phone{suffix}.png", _PHONE)
        browser.close()


def _addresses(browser: Browser, url: str, cookie: dict[str, str]) -> dict[str, str]:
    """The pages to show; the customer is the first of the table, as a reader would open it."""
    page = _page(browser, cookie, _WIDE)
    page.goto(f"{url}/customers/")
    first = page.locator("a[data-act=open]").first.get_attribute("href")
    page.context.close()
    found = {"overview": "/", "cash": "/cash/"}
    return found | ({"customer": first} if first else {})


def _take(browser: Browser, cookie: dict[str, str], address: str, path: Path, size: tuple[int, int]) -> None:
    page = _page(browser, cookie, size)
    page.goto(address, wait_until="networkidle")
    page.screenshot(path=path)
    page.context.close()
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB")


def _page(browser: Browser, cookie: dict[str, str], size: tuple[int, int]) -> Page:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, timezone_id="Europe/Paris")
    context.add_cookies([cookie])  # type: ignore[list-item]  # Playwright's own TypedDict, the same keys
    return context.new_page()


def _session(home: Path, language: str) -> str:
    script = _SIGN_IN.format(language=language)
    environment = os.environ | {"ENCOURS_HOME": str(home), "DJANGO_SETTINGS_MODULE": "encours.web.settings"}
    said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return re.sub(r"\s", "", said.stdout)


@contextmanager
def _demo(home: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [Path(sys.executable).parent / "encours", "demo", "--home", home, "--port", str(port), "--no-browser"]
    demo = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(demo, url)
        yield url
    finally:
        os.killpg(demo.pid, signal.SIGTERM)
        demo.wait(60)


def _wait(demo: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except OSError:
            if demo.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the demo did not start") from None
            time.sleep(0.5)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
