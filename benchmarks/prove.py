"""Runs every benchmark of this folder at full size, one after the other, and merges the figures into results.json."""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import RESULTS, merge

_HERE = Path(__file__).parent


def names() -> list[str]:
    """The modules beside this one that define `main`, the packages that do, and the modules of packages.

    Not those that say `PROVES = False`: they write into the package instead of measuring it.
    """
    modules = {path.stem: path for path in _HERE.glob("[a-z]*.py") if path.stem != "prove"}
    modules |= {f"{path.parent.name}.{path.stem}": path for path in _HERE.glob("[a-z]*/[a-z]*.py")}
    packages = {path.parent.name for path in _HERE.glob("[a-z]*/__*__.py") if _has_main(path)}
    return sorted(packages | {name for name, path in modules.items() if _has_main(path)})


def _has_main(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if any(isinstance(node, ast.Assign) and ast.unparse(node) == "PROVES = False" for node in tree.body):
        return False
    return any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body)


def main(argv: list[str] | None = None) -> int:
    """Runs the named benchmarks, or all; 1 where one failed or a bar is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prove", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join(names())}")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--results", type=Path, default=RESULTS)
    call = parser.parse_args(argv)
    unknown = sorted(set(call.names) - set(names()))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(names())}")
    outcomes = {name: _prove(name, call.scale, call.results) for name in call.names or names()}
    print("\n".join(f"{outcome:9} {name}" for name, outcome in outcomes.items()))
    return 0 if set(outcomes.values()) <= {"holds"} else 1


def _prove(name: str, scale: float, results: Path) -> str:
    start = time.monotonic()
    print(f"\n── {name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"{name}.json"
        command = [sys.executable, "-m", f"benchmarks.{name}", "--scale", str(scale), "--out", str(out)]
        code = subprocess.run(command, cwd=_HERE.parent, check=False).returncode
        if not out.exists():
            return "FAILED" if code else "no figure"
        record = json.loads(out.read_text(encoding="utf-8"))
    # A run at a tenth is no proof: it is shown and not kept.
    if scale == 1:
        merge(results, {name: record | {"seconds": round(time.monotonic() - start, 1)}})
    return "holds" if code == 0 else "NOT HELD"


if __name__ == "__main__":
    sys.exit(main())
