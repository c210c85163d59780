"""The throw-away server: there when needed, gone afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from tests.postgres import create_database, drop_database, server_folder, throwaway_cluster

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(server_folder() is None, reason="no PostgreSQL server: apt-get install postgresql"),
]


def test_a_server_serves_and_leaves_nothing() -> None:
    import psycopg

    with throwaway_cluster({"work_mem": "9MB"}) as url:
        with psycopg.connect(create_database(url, "second")) as connection:
            row = connection.execute("SELECT current_setting('work_mem')").fetchone()
            folder = connection.execute("SHOW data_directory").fetchone()
        assert row == ("9MB",)
    assert folder is not None
    assert not Path(folder[0]).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_two_tests_at_once_get_a_database_each() -> None:
    import psycopg

    with throwaway_cluster() as url:
        first = create_database(url, "book")
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE invoice (number text)")
        second, copy = create_database(url, "book"), create_database(url, "book", copy_of=first)
        for database, tables in ((second, 0), (copy, 1)):
            with psycopg.connect(database) as connection:
                found = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'invoice'").fetchone()
            assert found == (tables,)
        drop_database(url, second)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(second)


def test_the_command_gives_its_url_and_its_exit_code() -> None:
    script = "import os, sys; sys.exit(7 if os.environ['DATABASE_URL'].startswith('postgresql://') else 1)"
    command = [sys.executable, "-m", "tests.postgres", "--", sys.executable, "-c", script]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 7
