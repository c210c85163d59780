"""The products that can be asked: one file each in `runners/`, found by being there and read without being run."""

from __future__ import annotations

import ast
import subprocess
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_RUNNERS = Path(__file__).parent / "runners"
_ROOT = Path(__file__).resolve().parents[3]
#: Where the products live: beside the project's own environment, never in it.
HOME = _ROOT / ".venv-peers"
_SECONDS_TO_INSTALL = 900


@dataclass(frozen=True)
class Peer:
    """A product: `title`, the pinned packages it `requires`, the `variants` it is asked in (name → what it means)."""

    name: str
    title: str
    requires: tuple[str, ...]
    variants: dict[str, str]
    script: Path

    @property
    def python(self) -> Path:
        """The interpreter of the product's own environment."""
        return HOME / self.name / "bin" / "python"

    @property
    def installed(self) -> bool:
        """Whether its environment holds every package it requires, in that version."""
        if not self.python.exists():
            return False
        code = (
            "import sys,importlib.metadata as m\n"
            "sys.exit(any(m.version(w.split('==')[0])!=w.split('==')[1] for w in sys.argv[1:]))"
        )
        return _runs([str(self.python), "-c", code, *self.requires]) is None

    def install(self) -> str | None:
        """Makes the environment and installs from the default index; None, or why it could not be done."""
        if self.installed:
            return None
        venv.create(HOME / self.name, with_pip=True, clear=True)
        quiet = ["--quiet", "--disable-pip-version-check"]
        fault = _runs([str(self.python), "-m", "pip", "install", *quiet, *self.requires], _SECONDS_TO_INSTALL)
        if fault is None and not self.installed:
            return "installed, but not in the version that is wanted"
        return fault


def peers() -> tuple[Peer, ...]:
    """Every product, in order of name."""
    return tuple(_read(path) for path in sorted(_RUNNERS.glob("[a-z]*.py")))


def _read(path: Path) -> Peer:
    """What a runner says of itself, as literals at its top; it is not imported: its packages are not here."""
    said = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            name = node.targets[0].id
            if name in ("TITLE", "REQUIRES", "VARIANTS"):
                said[name] = ast.literal_eval(node.value)
    return Peer(path.stem, said["TITLE"], said["REQUIRES"], said["VARIANTS"], path)


def _runs(call: Sequence[str], seconds: float = 60) -> str | None:
    """None where a call succeeds, else the last line it said."""
    try:
        done = subprocess.run(call, capture_output=True, text=True, timeout=seconds, check=False, cwd=_ROOT)
    except subprocess.TimeoutExpired:
        return f"it took longer than {seconds:.0f} s"
    if done.returncode == 0:
        return None
    said = [line for line in (done.stderr or done.stdout).strip().splitlines() if not line.startswith("WARNING")]
    return said[-1] if said else f"it ended with {done.returncode}"


def ask(peer: Peer, variant: str, exchange: Path, answers: Path, seconds: float) -> str | None:
    """Runs a product on an exchange folder in its own process; None, or why there is no answer."""
    answers.mkdir(parents=True, exist_ok=True)
    # -P: a runner bears its product's name and must not be found in its place.
    return _runs([str(peer.python), "-P", str(peer.script), str(exchange), variant, str(answers)], seconds)
