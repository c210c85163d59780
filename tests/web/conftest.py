"""The town, built once and never committed: each module finds it as it was built, each test takes back its changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client, override_settings

from encours.store.models import User
from tests.kept import put_back, rows_of
from tests.web.cast import ANONYMOUS, Town, build_town


class Kept:
    """The town as it was built: its rows and its files. To put them back takes a tenth of building it anew."""

    def __init__(self, home: Path) -> None:
        self.home, self.files = home / "town", home / "as-built"
        self.town: Town | None = None
        self.rows: dict[str, list[tuple[Any, ...]]] = {}

    def stand(self) -> Town:
        """The town, in the transaction of the caller."""
        if self.town is None:
            empty = [table for table in connection.introspection.table_names() if not rows_of(table)]
            self.town = build_town(self.home)
            self.rows = {table: found for table in empty if (found := rows_of(table))}
            shutil.copytree(self.home, self.files)
        else:
            self._put_back()
        return deepcopy(self.town)

    def _put_back(self) -> None:
        shutil.rmtree(self.home)
        shutil.copytree(self.files, self.home)
        put_back(self.rows)


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Where the town is kept between the modules."""
    return Kept(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def built(kept: Kept, django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    """Two entities and the cast, inside a transaction that ends with the module."""
    with django_db_blocker.unblock(), override_settings(HOME=kept.home / "home"), transaction.atomic():
        yield kept.stand()
        transaction.set_rollback(True)


@pytest.fixture
def town(built: Town, db: None, settings: Any) -> Town:
    """The town for one test, in the town's own data folder."""
    settings.HOME = settings.MEDIA_ROOT = built.home
    return built


@pytest.fixture
def client_of(town: Town) -> Callable[[str], Client]:
    """`client_of("alice")`: a client signed in as one of the cast."""

    def signed_in(name: str) -> Client:
        client = Client(raise_request_exception=True)
        if name != ANONYMOUS:
            client.force_login(User.objects.get(username=name))
        return client

    return signed_in
