"""The byte code that an installation keeps is that of every module, and of what functions import as well."""

from __future__ import annotations

from scripts.bytecode import imported


def test_modules_and_what_they_import_wherever() -> None:
    found = set(imported())
    assert {"encours", "encours.cli.app", "encours.web.wsgi"} <= found
    assert {"polars", "lightgbm", "typst", "django.core.management.call_command"} <= found, "some inside functions"
