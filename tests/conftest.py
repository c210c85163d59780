"""What every test may use: which tests touch a database, a database of their own, Hypothesis's profiles."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A shared two-core machine must not fail a property for being slow; what is slow is measured in benchmarks/.
settings.register_profile("encours", max_examples=35, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("encours"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "encours"))

_DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "database_url", "blank_database", "client", "admin_user"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--only-database`: what PostgreSQL can change (`python -m tests.postgres -- pytest --only-database`)."""
    parser.addoption("--update-golden", action="store_true", help="write what connectors read now as expected")
    parser.addoption("--only-database", action="store_true", help="run only the tests that touch a database")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what touches a database, deselects the rest where only that is wanted, and puts what takes long first: a
    long test that begins last keeps the other workers waiting."""
    for item in items:
        if _touches_database(item):
            item.add_marker("database")
    if config.getoption("--only-database"):
        both = [
            bool(item.get_closest_marker("database") and not item.get_closest_marker("one_database")) for item in items
        ]
        rest = [item for item, wanted in zip(items, both, strict=True) if not wanted]
        items[:] = [item for item, wanted in zip(items, both, strict=True) if wanted]
        config.hook.pytest_deselected(items=rest)
    items[:] = _long_ones_first(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def _long_ones_first(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The tests in as many parts as there are workers, each of which begins with some of the long ones."""
    long = [item for item in items if item.get_closest_marker("slow")]
    short = [item for item in items if not item.get_closest_marker("slow")]
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        begin = long[worker::workers]
        # As xdist deals them out: what is left among those that are left.
        size = max(0, (len(items) - len(ordered)) // (workers - worker) - len(begin))
        ordered += [*begin, *short[:size]]
        del short[:size]
    return ordered + short


def _touches_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("django_db"):
        return True
    if _DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
        return True
    from django.test import TransactionTestCase

    case = getattr(item, "cls", None)
    return isinstance(case, type) and issubclass(case, TransactionTestCase)


@pytest.fixture(autouse=True)
def encours_home(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """What a test stores beside the database (uploads, copies, seals) lies in a folder of its own."""
    if request.node.get_closest_marker("database"):
        settings = request.getfixturevalue("settings")
        home = tmp_path / "home"
        settings.HOME, settings.MEDIA_ROOT, settings.STATIC_ROOT = home, home / "files", home / "static"
        settings.STATIC_ROOT.mkdir(parents=True)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The tests' own database, and beside it a copy with all tables and no row yet: to make tables takes seconds.

    Where no test asks for a database there is none, and no copy.
    """
    from django.db import connection
    from django.db.backends.base.creation import TEST_DATABASE_PREFIX

    if connection.vendor == "sqlite":
        path = tmp_path_factory.mktemp("blank") / "encours.sqlite3"
        with django_db_blocker.unblock():
            if connection.is_in_memory_db():
                connection.ensure_connection()
                with closing(sqlite3.connect(path)) as copy:
                    connection.connection.backup(copy)
        yield f"sqlite:///{path}" if path.exists() else ""
        return
    name = str(connection.settings_dict["NAME"])
    if not name.startswith(TEST_DATABASE_PREFIX):
        yield ""
        return
    from tests.postgres import create_database, drop_database

    with django_db_blocker.unblock():
        connection.close()  # a database is copied while nobody is connected
    server = os.environ["DATABASE_URL"]
    url = create_database(server, "blank", copy_of=f"/{name}")
    yield url
    drop_database(server, url)


def _database(folder: Path, blank: str = "") -> Iterator[str]:
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        path = folder / "encours.sqlite3"
        if blank:
            shutil.copyfile(blank.removeprefix("sqlite:///"), path)
        yield f"sqlite:///{path}"
        return
    from tests.postgres import create_database, drop_database

    url = create_database(server, "encours", copy_of=blank)
    try:
        yield url
    finally:
        drop_database(server, url)


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database for a test that starts processes: on the server of DATABASE_URL, else SQLite."""
    yield from _database(tmp_path)


@pytest.fixture
def blank_database(tmp_path: Path, django_db_setup: str, db: None) -> Iterator[str]:
    """As `database_url`, with all tables in it and no row."""
    yield from _database(tmp_path, django_db_setup)


@pytest.fixture(autouse=True, scope="session")
def _audit_gives_way_between_tests() -> Iterator[None]:
    """Emptying the database after a test with real transactions is no tampering; migrating raises the guard again."""
    from django.db import connection
    from django.test import TransactionTestCase

    from encours.store import audit

    empty = TransactionTestCase._fixture_teardown

    def without_guard(case: TransactionTestCase) -> None:
        audit.drop_guard(connection)
        empty(case)
        audit.raise_guard(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_guard)
        yield
