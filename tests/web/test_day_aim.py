"""The manager's date: given in the settings, said in words on Today."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from encours.store.models import Setting, User
from encours.usecases import clock
from encours.web.shell import format as form
from tests.web.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def test_a_date_is_given_checked_and_said_on_today(town: Town, client_of: Callable[[str], Client]) -> None:
    User.objects.update(language="en")
    client, day = client_of("claude"), clock.today() + timedelta(days=40)
    assert "cash brought forward" in client.get("/today/").content.decode()
    sent = {"of": "A", "value": "before"}
    for wrong in ("", clock.today().isoformat(), (clock.today() + timedelta(days=400)).isoformat()):
        client.post("/today/aim/", sent | {"day": wrong})
    assert not Setting.objects.filter(key="dunning.objective").exists()
    client.post("/today/aim/", sent | {"day": day.isoformat()})
    assert Setting.objects.get(key="dunning.objective").value == day.isoformat()
    page = client.get("/today/").content.decode()
    assert f"cash in before {form.day(day, 'long')}" in page
    assert f'name="day" value="{day.isoformat()}"' in page
    assert "today/aim" not in client_of("colette").get("/today/").content.decode()
    other = day + timedelta(days=1)
    rule = {"key": "dunning.objective", "of": "A", "value": "before", "day": other.isoformat()}
    client_of("alice").post("/settings/rules/", rule)
    page = client_of("alice").get("/settings/?part=rules&of=A").content.decode()
    assert f'name="day" value="{other.isoformat()}"' in page
    assert '<option value="before" selected>' in page
