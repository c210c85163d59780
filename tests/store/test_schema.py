"""The store's tables agree with the Book's: names, types, what may be null; migrations agree with the models."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from encours.core.base.schema import TABLES
from encours.store.models import FACTS
from encours.store.rows import dtype_of


def test_every_table_of_the_book_is_stored_and_no_other() -> None:
    assert list(FACTS) == list(TABLES)


@pytest.mark.parametrize("name", list(TABLES))
def test_columns_and_types_are_the_books(name: str) -> None:
    fields = {field.attname: field for field in FACTS[name]._meta.concrete_fields}
    for column in TABLES[name].columns:
        assert column.name in fields, f"{name}.{column.name} is not stored"
        assert dtype_of(fields[column.name]) == column.dtype, f"{name}.{column.name}"
        if column.nullable and column.name != "entity_id":  # at rest every fact names its entity
            assert fields[column.name].null, f"{name}.{column.name} may be null in a Book"


@pytest.mark.parametrize("name", [name for name in TABLES if name != "entities"])
def test_the_first_key_column_leads_an_index(name: str) -> None:
    key = TABLES[name].key[0]
    leading = {index.fields[0] for index in FACTS[name]._meta.indexes if index.condition is None}
    assert key in leading or name in ("events", "instrument_items"), f"merging {name} would scan it"


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "store", check=True, dry_run=True, verbosity=0)
