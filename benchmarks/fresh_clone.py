"""From a fresh clone with nothing installed to the sign-in page, by the README's first command."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.harness import Figure, arguments, report

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 900


def main(argv: list[str] | None = None) -> int:
    """Clones what is committed, calls `make demo` and waits for the page; `--tests` calls `make test` there, too."""
    flag = {"--tests": {"action": "store_true", "help": "call `make test` in the clone as well (twenty minutes)"}}
    call = arguments("A fresh clone, an empty virtual environment", argv, options=flag)
    with tempfile.TemporaryDirectory(prefix="encours-clone-") as folder:
        clone = Path(folder) / "encours"
        subprocess.run(["git", "clone", "--quiet", _ROOT, clone], check=True)
        seconds = sign_in_page_after(clone)
        size = sum(path.lstat().st_size for path in (clone / ".venv").rglob("*")) / 1024**2
        figures = [
            Figure("make demo to the sign-in page", seconds, "s", at_most=300),
            Figure("what it installs", size, "MB", at_most=900),
        ]
        if call.extra["tests"]:
            start = time.monotonic()
            code = subprocess.run(["make", "test"], cwd=clone, env=_environment(), check=False).returncode
            figures.append(Figure("make test, exit code", code, at_most=0))
            figures.append(Figure("make test", time.monotonic() - start, "s", at_most=1_500))
    return report(call, figures)


def sign_in_page_after(clone: Path) -> float:
    """Seconds from calling `make demo` until the sign-in page answers 200; raises RuntimeError where it never does."""
    port = _free_port()
    command = ["make", "demo", f"ARGS=--port {port} --no-browser"]
    start = time.monotonic()
    demo = subprocess.Popen(command, cwd=clone, env=_environment(), stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        while time.monotonic() - start < _PATIENCE_SECONDS:
            if demo.poll() is not None:
                raise RuntimeError(f"make demo ended with exit code {demo.returncode}")
            if _answers(f"http://127.0.0.1:{port}/"):
                return time.monotonic() - start
            time.sleep(0.2)
        raise RuntimeError(f"no sign-in page after {_PATIENCE_SECONDS} s")
    finally:
        os.killpg(demo.pid, signal.SIGTERM)
        demo.wait(60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status == 200 and b'type="password"' in answer.read()
    except (urllib.error.URLError, OSError):
        return False


def _environment() -> dict[str, str]:
    """Nothing of this project's own virtual environment, database or settings."""
    foreign = ("ENCOURS_", "DATABASE_URL", "VIRTUAL_ENV", "PYTHONPATH", "MAKE", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    own = str(_ROOT / ".venv")
    return kept | {"PATH": os.pathsep.join(part for part in kept["PATH"].split(os.pathsep) if not part.startswith(own))}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
