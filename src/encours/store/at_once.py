"""The tables of an empty database made from the models as they end up, instead of one change after the other.

Django draws every model anew after each of the first migration's hundred operations: ten seconds, and more with every
model added. What stands in the database afterwards is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

#: What only adds to tables that the same migration makes: all of it stands in the models as they end up.
_ADDING = (CreateModel, AddField, AddIndex, AddConstraint)


class CreateTables(Operation):
    """Operations that only create, as one."""

    reversible = False
    atomic = True

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = list(operations)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The models as they end up; drawn when somebody asks for them, once."""
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Each table with all its columns, constraints and indexes."""
        for operation in self.operations:
            if isinstance(operation, CreateModel):
                model = to_state.apps.get_model(app_label, operation.name)
                if self.allow_migrate_model(schema_editor.connection.alias, model):
                    schema_editor.create_model(model)

    def describe(self) -> str:
        """What `migrate --plan` shows."""
        return f"Create {sum(isinstance(operation, CreateModel) for operation in self.operations)} tables"


def at_once(operations: Sequence[Operation]) -> list[Operation]:
    """The operations of a first migration as one, where they only add to what they create; else as they are."""
    made = {operation.name_lower for operation in operations if isinstance(operation, CreateModel)}
    for operation in operations:
        if not isinstance(operation, _ADDING):
            return list(operations)
        if not isinstance(operation, CreateModel) and operation.model_name_lower not in made:
            return list(operations)
    return [CreateTables(operations)]
