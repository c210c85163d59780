"""The store as a Django application."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class StoreConfig(AppConfig):
    """Facts and workflow tables, all under the label `store`."""

    name = "encours.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The audit's guard is raised after every migration: SQLite drops triggers with a table it rebuilds."""
        post_migrate.connect(_raise_guard, sender=self)
        pre_migrate.connect(_create_at_once, sender=self)


def _create_at_once(plan: Any, **_: Any) -> None:
    from encours.store.at_once import at_once

    for migration, backwards in plan:
        if migration.app_label == StoreConfig.label and migration.initial and not backwards:
            migration.operations = at_once(migration.operations)


def _raise_guard(using: str, **_: Any) -> None:
    from encours.store import audit

    if audit.TABLE in connections[using].introspection.table_names():
        audit.raise_guard(connections[using])
