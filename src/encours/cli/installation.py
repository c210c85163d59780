"""Opening the installation from a command: data folder, database, migrations."""

from __future__ import annotations

import os
from pathlib import Path

from encours.cli.report import CallError


def open_installation(home: Path | None = None, *, migrate: bool = True) -> Path:
    """Sets Django up on the data folder (default ENCOURS_HOME, else `var`), brings the database up; the folder.

    Raises CallError where the database cannot be reached or has no tables and `migrate` is off.
    """
    if home is not None:
        os.environ["ENCOURS_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "encours.web.settings")
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import DatabaseError, connection

    django.setup()
    folder = Path(settings.HOME)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if migrate:
            call_command("migrate", verbosity=0, interactive=False)
        elif "store_entity" not in connection.introspection.table_names():
            raise CallError([f"there is no Encours in {folder}; `encours serve` or `encours import` makes one"])
    except DatabaseError as error:
        raise CallError([f"the database does not answer: {str(error).strip()}"]) from None
    return folder
