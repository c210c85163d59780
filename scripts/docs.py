"""Writes what the code itself can say: the pages on the Book and the commands, the READMEs' outputs.

`--check` only looks, and names what is stale.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
_HELP_COLUMNS = 100
# Said once, at the head of the page.
_OF_EVERY_TABLE = ("known_on", "voided")
_KINDS = {"String": "text", "Int64": "integer", "Date": "date", "Boolean": "true/false", "Float64": "number"}


def the_book() -> str:
    """The page on the Book: prose from docs/the-book.head.md, tables from their declarations, rules from their code."""
    from encours.core.base.check import rules
    from encours.core.base.schema import TABLES

    words = tomllib.loads((DOCS / "the-book.toml").read_text(encoding="utf-8"))
    parts = [(DOCS / "the-book.head.md").read_text(encoding="utf-8").rstrip(), "## The tables"]
    parts += [_table(table, words.get(table.name, {}), words["columns"]) for table in TABLES.values()]
    parts += ["## What `encours check` looks for", _check_rules(rules())]
    return "\n\n".join(parts) + "\n"


def missing_words() -> list[str]:
    """Tables and columns of the Book that docs/the-book.toml does not explain, and words for what is not there."""
    from encours.core.base.schema import TABLES

    words = tomllib.loads((DOCS / "the-book.toml").read_text(encoding="utf-8"))
    common = words.pop("columns")
    wanted = {(name, "_") for name in TABLES}
    said_once = {*common, *_OF_EVERY_TABLE}
    wanted |= {(name, column) for name, table in TABLES.items() for column in table.schema if column not in said_once}
    given = {(name, column) for name, columns in words.items() for column in columns}
    known = wanted | {(name, column) for name, table in TABLES.items() for column in table.schema}
    faults = [f"no words for {name}.{column}" for name, column in sorted(wanted - given)]
    return faults + [f"words for {name}.{column}, which is not there" for name, column in sorted(given - known)]


def _table(table: Any, own: dict[str, str], common: dict[str, str]) -> str:
    lines = [f"### {table.name}", "", own.get("_", ""), "", f"Key: {', '.join(f'`{name}`' for name in table.key)}."]
    if table.dated_by:
        lines[-1] += f" Dated by {' else '.join(f'`{name}`' for name in table.dated_by)}."
    lines += ["", "| column | type | meaning |", "|---|---|---|"]
    for column in table.columns:
        if column.name in _OF_EVERY_TABLE:
            continue
        kind = _KINDS[str(column.dtype)] + ("?" if column.nullable else "")
        meaning = own.get(column.name) or common.get(column.name, "")
        if column.words:
            meaning += "; one of " + ", ".join(f"`{word}`" for word in column.words)
        lines.append(f"| `{column.name}` | {kind} | {meaning} |")
    return "\n".join(lines)


def _check_rules(rules: Iterable[Callable[..., Any]]) -> str:
    sentences = sorted({(rule.__doc__ or "").strip().split("\n")[0] for rule in rules})
    return "\n".join(f"- {sentence}" for sentence in sentences)


def commands() -> str:
    """The page on the command line: each command's own help."""
    # The help is laid out for the width of the terminal: one width for every machine.
    os.environ |= {"COLUMNS": str(_HELP_COLUMNS), "TERMINAL_WIDTH": str(_HELP_COLUMNS), "NO_COLOR": "1"}
    parts = [(DOCS / "commands.head.md").read_text(encoding="utf-8").rstrip()]
    for words, text in _helps():
        parts.append(f"## {' '.join(words)}\n\n```\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def _helps() -> Iterator[tuple[tuple[str, ...], str]]:
    folder = ROOT / "src" / "encours" / "cli" / "commands"
    for path in sorted(folder.glob("[a-z]*.py")):
        words = ("encours", path.stem.replace("_", "-"))
        yield words, _help(words)
        group = getattr(import_module(f"encours.cli.commands.{path.stem}"), "app", None)
        for command in getattr(group, "registered_commands", []):
            name = command.name or command.callback.__name__.replace("_", "-")
            yield (*words, name), _help((*words, name))


def _help(words: tuple[str, ...]) -> str:
    from typer.testing import CliRunner

    from encours.cli.app import app

    said = CliRunner().invoke(app, [*words[1:], "--help"], prog_name="encours", terminal_width=_HELP_COLUMNS).output
    return re.sub(r"[ \t]+$", "", said, flags=re.MULTILINE).strip()


def readme(name: str) -> str:
    """A README with its ```console blocks as the commands in them answer now, one after the other in one folder."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    commands = tuple(line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ "))
    answers = dict(zip(commands, _answers(commands), strict=True))
    return re.sub(r"```console\n(.*?)```", lambda found: _played(found[1], answers), text, flags=re.DOTALL)


def _played(block: str, answers: dict[str, str]) -> str:
    asked = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    parts = [f"$ {command}\n{answers[command]}".rstrip() for command in asked]
    return "```console\n" + "\n\n".join(parts) + "\n```"


@cache
def _answers(commands: tuple[str, ...]) -> list[str]:
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        for command in commands:
            words = command.split()
            program = Path(sys.executable).parent / Path(words[0]).name
            run = subprocess.run([program, *words[1:]], cwd=folder, capture_output=True, text=True, check=False)
            answers.append(re.sub(r"[ \t]+$", "", run.stdout, flags=re.MULTILINE).rstrip())
    return answers


PAGES: dict[str, Callable[[], str]] = {
    "docs/the-book.md": the_book,
    "docs/commands.md": commands,
    "README.md": partial(readme, "README.md"),
    "README.fr.md": partial(readme, "README.fr.md"),
}


def stale() -> list[str]:
    """Pages that say something else than the code."""
    paths = [(ROOT / name, page) for name, page in PAGES.items()]
    texts = [(path, page()) for path, page in paths]
    return [path.name for path, text in texts if not path.exists() or path.read_text(encoding="utf-8") != text]


def main(argv: list[str]) -> int:
    """Writes the pages, or with `--check` names those that are stale."""
    if "--check" not in argv:
        for name, page in PAGES.items():
            (ROOT / name).write_text(page(), encoding="utf-8")
    faults = [f"{name} is stale: call `make docs`" for name in stale()] + missing_words()
    print("\n".join(faults) or f"fresh: {', '.join(PAGES)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
