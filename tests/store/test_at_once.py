"""Tables that are made at once are those that one operation after the other makes."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from encours.store.at_once import CreateTables, at_once

_KEY = ("id", models.BigAutoField(primary_key=True))
_OPERATIONS = [
    migrations.CreateModel("Payer", [_KEY, ("name", models.CharField(max_length=9, db_index=True))]),
    migrations.CreateModel(
        "Claim",
        [
            _KEY,
            ("number", models.CharField(max_length=9, unique=True)),
            ("payer", models.ForeignKey("once.Payer", models.CASCADE)),
            ("watchers", models.ManyToManyField("once.Payer", related_name="+")),
            ("amount", models.BigIntegerField(default=0)),
        ],
        {"indexes": [models.Index(fields=["amount"], name="claim_amount")]},
    ),
    migrations.AddField("Payer", "oldest", models.ForeignKey("once.Claim", models.SET_NULL, null=True)),
    migrations.AddIndex("Claim", models.Index(fields=["payer", "-amount"], name="claim_payer")),
    migrations.AddIndex("Claim", models.Index(fields=["number"], name="claim_owed", condition=models.Q(amount__gt=0))),
    migrations.AddConstraint(
        "Claim", models.CheckConstraint(condition=models.Q(amount__gte=0), name="claim_not_negative")
    ),
    migrations.AddConstraint("Payer", models.UniqueConstraint(fields=["name", "oldest"], name="payer_once")),
]


def _tables(operations: list[Any]) -> dict[str, Any]:
    """What stands in the database after the operations, which are taken back."""
    migration = type("Migration", (migrations.Migration,), {"operations": operations})("0001_initial", "once")
    state = ProjectState()
    with connection.schema_editor(atomic=False) as editor:
        state = migration.apply(state, editor)
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if name.startswith("once_")]
        described = {
            name: (
                connection.introspection.get_table_description(cursor, name),
                connection.introspection.get_constraints(cursor, name),
                connection.introspection.get_relations(cursor, name),
            )
            for name in names
        }
    with connection.schema_editor(atomic=False) as editor:
        for model in state.apps.get_app_config("once").get_models():
            editor.delete_model(model)
    return described


@pytest.mark.django_db(transaction=True)
def test_the_tables_are_the_same() -> None:
    assert len(at_once(_OPERATIONS)) == 1
    found = _tables(at_once(_OPERATIONS))
    assert sorted(found) == ["once_claim", "once_claim_watchers", "once_payer"]
    assert found == _tables(_OPERATIONS)


def test_what_does_more_than_create_stays_one_after_the_other() -> None:
    for more in (migrations.RunSQL("SELECT 1"), migrations.AddIndex("Other", models.Index(fields=["x"], name="x"))):
        assert at_once([*_OPERATIONS, more]) == [*_OPERATIONS, more]


@pytest.mark.django_db
def test_every_index_and_constraint_of_a_model_stands_in_the_database() -> None:
    with connection.cursor() as cursor:
        for model in apps.get_app_config("store").get_models():
            stands = connection.introspection.get_constraints(cursor, model._meta.db_table)
            declared = [*model._meta.indexes, *model._meta.constraints]
            assert {one.name for one in declared} <= set(stands), model


def test_a_plan_says_how_many_tables() -> None:
    assert CreateTables(_OPERATIONS).describe() == "Create 2 tables"
