"""One euro, once, in the store: ledgers, banks and lists in any order end in the same book, and its cadrage is nil."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pytest_django import Settings

from encours.core.sample.options import SampleOptions
from encours.store import audit
from encours.store.models import Receipt
from encours.usecases.make_sample import SampleMade, make_sample
from encours.usecases.rights import Actor
from encours.usecases.tie_ledger import tie_ledger
from tests.journeys.imports import bring, company, money

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SampleMade:
    """A small company's files over a year's end."""
    return make_sample(
        tmp_path_factory.mktemp("company"),
        SampleOptions(customers=50, months=12, last_day=date(2026, 10, 31)),
        files=True,
    )


def parts(made: SampleMade) -> dict[str, list[Path]]:
    """Ledgers, banks (the last four months of each account) and lists of the company."""
    files = {path for paths in made.files.values() for path in paths if path.is_file()}
    root = next(path for path in files if "comptabilite" in path.parts).parents[1]
    banks = sorted((root / "banque").iterdir())
    months = sorted({path.name.split(".")[0][-7:] for path in banks})[-4:]
    return {
        "ledgers": sorted((root / "comptabilite").iterdir()),
        "banks": [path for path in banks if path.name.split(".")[0][-7:] in months],
        "lists": sorted((root / "exports").glob("*.csv")),
    }


def load(made: SampleMade, order: list[list[Path]]) -> tuple[Actor, str]:
    """The files into an empty store, one import a list."""
    entities = made.sample.book.entities
    actor, entity = company(entities), str(entities["entity_id"][0])
    for paths in order:
        bring(actor, entity, paths)
    return actor, entity


def assert_ties(actor: Actor, entity: str, made: SampleMade) -> None:
    """Both closings tie to the cent; no euro stands on both sides."""
    for path in parts(made)["ledgers"]:
        day = path.stem[-8:]
        cadrage = tie_ledger(actor, entity, pl.Series([day]).str.to_date("%Y%m%d")[0])
        assert cadrage.ties, cadrage.accounts
        assert not cadrage.ledger_only.filter(~pl.col("account").str.contains("^5[18]")).height
    assert audit.verify().intact


@pytest.fixture
def reference(made: SampleMade, tmp_path: Path, settings: Settings) -> pl.DataFrame:
    """What everything at once gives, in a store that is thrown away."""
    from django.db import transaction

    settings.HOME = tmp_path / "reference"
    with transaction.atomic():
        files = parts(made)
        actor, entity = load(made, [files["ledgers"] + files["banks"]])
        assert_ties(actor, entity, made)
        found = money(entity)
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("order", ["ledgers, banks", "banks, last ledger, first ledger", "lists, ledgers, banks"])
def test_any_order_gives_the_same_money_and_a_nil_cadrage(
    made: SampleMade, reference: pl.DataFrame, order: str, tmp_path: Path, settings: Settings
) -> None:
    settings.HOME = tmp_path / "home"
    files = parts(made)
    files["first ledger"], files["last ledger"] = files["ledgers"][:1], files["ledgers"][1:]
    actor, entity = load(made, [files[name] for name in order.split(", ")])
    assert_ties(actor, entity, made)
    assert_frame_equal(money(entity), reference)
    receipts = Receipt.objects.filter(is_current=True).count()
    for paths in (files["banks"], files["ledgers"]):  # told once more by other bytes, nothing changes
        again = []
        for path in paths:
            copy = tmp_path / path.name
            copy.write_bytes(path.read_bytes() + b"\r\n")
            again.append(copy)
        bring(actor, entity, again)
    assert Receipt.objects.filter(is_current=True).count() == receipts
    assert_frame_equal(money(entity), reference)
