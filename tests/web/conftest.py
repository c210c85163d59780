"""The town, built once a module and never committed: each test takes back what it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from encours.store.models import User
from tests.web.cast import ANONYMOUS, Town, build_town


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Two entities and the cast, inside a transaction that ends with the module."""
    home = tmp_path_factory.mktemp("town")
    folders = override_settings(HOME=home / "home")
    with django_db_blocker.unblock(), folders, transaction.atomic():
        yield build_town(home)
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
