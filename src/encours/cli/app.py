"""The `encours` command: finds its subcommands as files and imports only the one that is called."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from encours import __version__

_COMMANDS = Path(__file__).parent / "commands"


class LazyCommands(TyperGroup):
    """A group whose commands are the modules of `cli/commands`; help is read from docstrings, unimported."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Command names, in alphabetical order."""
        return sorted(path.stem.replace("_", "-") for path in _COMMANDS.glob("[a-z]*.py"))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, imported now."""
        path = _COMMANDS / f"{cmd_name.replace('-', '_')}.py"
        if not path.exists():
            return None
        module = import_module(f"encours.cli.commands.{path.stem}")
        group = getattr(module, "app", None)
        if isinstance(group, typer.Typer):
            group.rich_markup_mode = None
            return typer.main.get_command(group)
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(cmd_name, help=module.__doc__)(module.command)
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of commands with the first line of each module's docstring."""
        rows = [(name, _summary(name)) for name in self.list_commands(ctx)]
        if not rows:
            return
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _summary(name: str) -> str:
    source = (_COMMANDS / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").split("\n")[0]


app = typer.Typer(
    cls=LazyCommands,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Encours: credit-to-cash from a company's own files.",
)


@app.callback(invoke_without_command=True)
def encours(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    """Encours: credit-to-cash from a company's own files."""
    if version:
        typer.echo(f"encours {__version__}")
        raise typer.Exit


def run() -> None:
    """Runs the command line; a wrong call exits 2 with every fault on a line of its own."""
    from encours.cli.report import say_faults

    try:
        app()
    except ValueError as error:
        # core's CallError and the command line's carry `faults`; importing core here would cost every help page.
        if not hasattr(error, "faults"):
            raise
        say_faults(error)
        sys.exit(2)
