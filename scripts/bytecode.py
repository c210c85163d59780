"""Byte code of what Encours loads: its own modules, and whatever these import, at their head or inside a function.

Compiled whole, the packages take 80 MB and a minute more: of scipy, Django or the holidays of the world a small part is
loaded. Python keeps the byte code of what it loads, so here every import is done once. What is loaded by other ways is
compiled when it is, and kept where the folder may be written.
"""

from __future__ import annotations

import ast
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"
#: What `encours serve` starts as processes of their own.
_PROCESSES = ("gunicorn.app.wsgiapp", "gunicorn.workers.gthread")


def imported() -> Iterator[str]:
    """The modules of Encours and the names that they import; a name may be no module, but something in one."""
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (one.name for one in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{one.name}" for one in node.names)


def main() -> None:
    """Loads them all, and what Django loads by name: middleware, addresses, template tags, migrations."""
    sys.dont_write_bytecode = False
    os.environ["DJANGO_SETTINGS_MODULE"] = "encours.web.settings"
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"ENCOURS_HOME": home, "DATABASE_URL": "sqlite:///:memory:"}
        import django

        django.setup()
        for name in dict.fromkeys([*imported(), *_PROCESSES]):
            with suppress(Exception):  # no module, or one that another system brings
                import_module(name)
        from django.core.handlers.base import BaseHandler
        from django.db.migrations.loader import MigrationLoader
        from django.template import engines
        from django.urls import get_resolver

        BaseHandler().load_middleware()
        get_resolver().check()
        engines.all()
        MigrationLoader(None)


if __name__ == "__main__":
    main()
