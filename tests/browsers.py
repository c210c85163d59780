"""Finds a Chromium and what drives it; as a command, prints its path, or what is missing and exits 1."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# A browser that talks to nobody but the server under test; without a sandbox it also runs as root in a container.
ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")


def find_chromium() -> str | None:
    """The Chromium that ENCOURS_CHROMIUM names, else the system's, else the one Playwright brought; None without."""
    named = os.environ.get("ENCOURS_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    # Ubuntu's chromium-browser may be a script that only says "install the snap": a real one lies beside its name.
    found = next((path for name in _NAMES if (path := shutil.which(name)) and _is_browser(path)), None)
    return found or _playwrights_own()


def _is_browser(path: str) -> bool:
    real = Path(path).resolve()
    return not (real.stat().st_size < 64_000 and b"snap install" in real.read_bytes())


def _playwrights_own() -> str | None:
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    return next((str(path) for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)


def missing_for_browser_tests() -> str | None:
    """What to install before the browser tests can run; None where nothing is missing."""
    if find_chromium() is None:
        return "no Chromium: apt-get install chromium, or set ENCOURS_CHROMIUM to one"
    from playwright._impl._driver import compute_driver_executable

    # Playwright brings its driver, but not the library that the driver is linked with.
    started = subprocess.run([*compute_driver_executable(), "--version"], capture_output=True, check=False)
    return None if started.returncode == 0 else "Playwright's driver does not start: apt-get install libatomic1"


if __name__ == "__main__":
    missing = missing_for_browser_tests()
    print(missing or find_chromium())
    sys.exit(missing is not None)
