"""Daily lists of open items: the store is the ERP's truth every day, and a list that lost its end is not believed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from encours.connectors.sheet.write import write_open_items_snapshot
from encours.core.base.book import Book
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions
from encours.store import audit
from encours.store.models import Allocation, Import
from encours.usecases.import_files import confirm_import
from encours.usecases.rights import actor_of
from tests.journeys.imports import bring, company, compare_open, replay_lists, working_days

pytestmark = pytest.mark.django_db

LAST = date(2026, 9, 18)  # the weeks after it wait for the clerk: nothing is settled in them


def test_the_store_is_the_erp_s_truth_after_each_list_and_a_cut_one_is_held(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "home"
    book = sample_company(SampleOptions(customers=50, months=6, last_day=date(2026, 10, 31))).book
    actor = company(book.entities)
    entity = book.entities["entity_id"][0]
    *first, last = working_days(LAST, 4)

    differs, imports = replay_lists(actor, entity, book, first, tmp_path)
    assert differs == []
    assert {owner.state for owner in imports} == {Import.State.DONE}
    between = Allocation.objects.filter(source__startswith="snapshot:", is_current=True, earliest_on__isnull=False)
    assert between.exists()
    assert all(row.earliest_on <= row.allocated_on for row in between)

    whole = tmp_path / "last.csv"
    write_open_items_snapshot(book, last, whole)
    lines = whole.read_text(encoding="utf-8-sig").splitlines()
    cut = tmp_path / "cut.csv"
    cut.write_text("\n".join(lines[: len(lines) // 3]) + "\n", encoding="utf-8-sig")
    before = Allocation.objects.count()
    held = bring(actor, entity, [cut], known_on=last, scope="snapshot")
    assert held.state == Import.State.HELD
    assert "falls by" in held.held_because
    assert Allocation.objects.count() == before
    assert bring(actor, entity, [whole], known_on=last, scope="snapshot").state == Import.State.DONE
    assert not compare_open(entity, book, last).height
    assert audit.verify().intact


def _cut_list(book: Book, day: date, folder: Path) -> Path:
    """The day's list of open items of which only three lines arrived."""
    short = folder / "short.csv"
    write_open_items_snapshot(book, day, short)
    kept = short.read_text(encoding="utf-8-sig").splitlines()[:4]
    short.write_text("\n".join(kept) + "\n", encoding="utf-8-sig")
    return short


def test_a_person_may_believe_a_short_list(tmp_path: Path, settings: Settings, django_user_model: type) -> None:
    settings.HOME = tmp_path / "home"
    book = sample_company(SampleOptions(customers=50, months=6, last_day=date(2026, 10, 31))).book
    machine = company(book.entities)
    entity = book.entities["entity_id"][0]
    clerk = actor_of(django_user_model.objects.create(username="c", email="c@a.test", is_superuser=True))
    day, after = working_days(LAST, 2)
    replay_lists(machine, entity, book, [day], tmp_path)
    short = _cut_list(book, after, tmp_path)
    held = bring(clerk, entity, [short], known_on=after, scope="snapshot")
    assert held.state == Import.State.HELD
    done = confirm_import(clerk, held.pk)
    assert done.state == Import.State.DONE
    assert compare_open(entity, book, after).height > 3  # the rest was settled because a person said so


def test_the_page_of_a_held_list_says_why_and_lets_a_person_believe_it(
    tmp_path: Path, settings: Settings, client: Client, django_user_model: type
) -> None:
    settings.HOME = tmp_path / "home"
    book = sample_company(SampleOptions(customers=50, months=6, last_day=date(2026, 10, 31))).book
    machine = company(book.entities)
    entity = book.entities["entity_id"][0]
    clerk = django_user_model.objects.create(username="c", email="c@a.test", is_superuser=True)
    day, after = working_days(LAST, 2)
    replay_lists(machine, entity, book, [day], tmp_path)
    short = _cut_list(book, after, tmp_path)
    held = bring(machine, entity, [short], known_on=after, scope="snapshot")
    client.force_login(clerk)
    page = client.get(f"/imports/{held.pk}/").content.decode()
    assert "tronquée" in page
    assert 'name="complete"' in page
    client.post(f"/imports/{held.pk}/commit/")
    held.refresh_from_db()
    assert held.state == Import.State.HELD
    client.post(f"/imports/{held.pk}/commit/", {"complete": "1"})
    held.refresh_from_db()
    assert (held.state, held.confirmed_by) == (Import.State.DONE, clerk)
