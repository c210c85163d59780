"""What all rows of a frame say alike is written in the statement itself: it must come back as it was."""

from __future__ import annotations

import gc
from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from encours.core.base.schema import TABLES
from encours.store import bulk, frames
from encours.store.models import Entity

pytestmark = pytest.mark.django_db
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=100)


def receipts(count: int, remittance: str | None, on: date, amount: int, is_changing: bool) -> pl.DataFrame:
    n = range(count)
    return TABLES["receipts"].conform(
        pl.DataFrame(
            {
                "receipt_id": [f"A:{k}" for k in n],
                "entity_id": ["A"] * count,
                "account": ["512"] * count,
                "booked_on": [on] * count,
                "amount": [amount] * count,
                "currency": ["EUR"] * count,
                "kind": ["transfer"] * count,
                "origin": ["bank"] * count,
                "remittance": [remittance] * count,
                "payer_name": [f"{remittance} {k}" if is_changing and k else remittance for k in n],
            },
            schema_overrides={"remittance": pl.String, "payer_name": pl.String},
        )
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("it's 100 % %s %(a)s ? :a", date(2026, 3, 1), -1, 3, False)
@example("x" * 100, date(2026, 3, 1), 2**62, 2, True)
@example("'); DROP TABLE store_receipt; --", date(1, 1, 1), 0, 1, False)
@given(st.none() | TEXTS, st.dates(), st.integers(-(2**62), 2**62), st.integers(1, 4), st.booleans())
def test_what_all_rows_say_alike_comes_back_as_it_was(
    text: str | None, on: date, amount: int, count: int, is_changing: bool
) -> None:
    from encours.store.models import FACTS

    FACTS["receipts"]._default_manager.all().delete()
    Entity.objects.get_or_create(entity_id="A", defaults={"name": "A", "country": "FR", "currency": "EUR"})
    rows = receipts(count, text, on, amount, is_changing)
    bulk.insert(FACTS["receipts"], rows)
    assert frames.read_table("receipts", ["A"]).rows() == rows.rows()
    assert gc.isenabled()


def test_a_frame_whose_rows_are_all_alike_is_staged_row_by_row() -> None:
    rows = pl.DataFrame({"key": ["it's"] * 3, "n": [1, 1, 1], "is_so": [True] * 3})
    with bulk.staged(rows) as name:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), max(key), sum(n) FROM {name}")
            assert cursor.fetchone() == (3, "it's", 3)
