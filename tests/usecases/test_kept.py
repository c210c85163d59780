"""A book that is put back is the book that was imported: its rows, its files, and what may be added to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from encours.store.models import Import
from encours.store.rights import job
from encours.usecases.import_files import import_now
from tests.kept import import_once, rows_of
from tests.usecases.books import folder, small_book

pytestmark = pytest.mark.django_db


def _stands(home: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    rows = {table: sorted(rows_of(table), key=repr) for table in connection.introspection.table_names()}
    return rows, {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_book_put_back_is_the_book_imported(tmp_path: Path, settings: Any) -> None:
    book = small_book()
    with transaction.atomic():
        import_once(book, tmp_path / "one" / "book")
        built = _stands(settings.HOME)
        transaction.set_rollback(True)
    settings.HOME = tmp_path / "elsewhere"
    settings.HOME.mkdir()
    import_once(book, tmp_path / "two" / "book")
    assert _stands(settings.HOME) == built
    assert built[0]["store_item"]
    assert built[1]
    import_now(job("test"), None, [folder(small_book("B"), tmp_path / "more")])
    assert set(Import.objects.values_list("entity_id", "state")) == {("A", "done"), ("B", "done")}


def test_what_stands_already_is_imported_into(tmp_path: Path, settings: Any) -> None:
    import_once(small_book(), tmp_path / "one" / "book")
    import_once(small_book(), tmp_path / "two" / "book")
    assert Import.objects.count() == 2
