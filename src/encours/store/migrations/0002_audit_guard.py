"""The database itself refuses to change or remove an audit entry."""

from django.db import migrations

from encours.store import audit


def raise_guard(apps, schema_editor):
    audit.raise_guard(schema_editor.connection)


def drop_guard(apps, schema_editor):
    audit.drop_guard(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("store", "0001_initial")]
    operations = [migrations.RunPython(raise_guard, drop_guard)]
