"""The screen of the scenarios: the time line, faults beside their fields in the reader's words, trials, lists."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from encours.store.models import DunningExperiment, DunningScenario, Run, User
from tests.web.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
Signed = Callable[[str], Client]
_STEP = {"of": "A", "fields": "all", "name": "Second appel", "anchor": "due", "days": "15", "level": "2",
         "channel": "call", "mode": "task", "template": "call_overdue", "tone": "firm", "to": "accounts_payable",
         "sender": "collector"}  # fmt: skip


def _speaks(language: str) -> None:
    User.objects.update(language=language)


def test_the_line_says_level_channel_tone_and_mode_in_order(town: Town, client_of: Signed) -> None:
    _speaks("en")
    text = client_of("claude").get("/scenarios/sme/?of=A").content.decode()
    places = [text.index(f'class="at">D{day}<') for day in ("−7", "+3", "+10", "+13", "+20", "+30", "+45")]
    assert places == sorted(places)
    assert places[0] < text.index('class="due-day"') < places[1]
    for words in ("level 4", "Registered letter · once confirmed", "Call · by a person", "Firm", "Add a step"):
        assert words in text
    assert "Add a step" not in client_of("colette").get("/scenarios/sme/?of=A").content.decode()


def test_a_step_is_added_moved_and_taken_out(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    answer = client.post("/scenarios/sme/step/", _STEP | {"step": "new"})
    assert answer.headers["Location"].endswith("step=second_appel")
    row = DunningScenario.objects.get(entity_id="A", code="sme")
    assert [step["code"] for step in row.data["steps"]][4:6] == ["second_appel", "letter"]
    client.post("/scenarios/sme/step/", _STEP | {"step": "second_appel", "days": "25", "level": "3"})
    row.refresh_from_db()
    assert [step["code"] for step in row.data["steps"]][4:6] == ["letter", "second_appel"]
    client.post("/scenarios/sme/step/", {"of": "A", "step": "second_appel", "act": "drop"})
    row.refresh_from_db()
    assert "second_appel" not in [step["code"] for step in row.data["steps"]]
    assert row.version == 4


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("It must be a number of days", "A call is a task", "Give the step a name", "Nobody is written to")),
        ("fr", ("À renseigner : un nombre de jours", "Un appel est une tâche", "Donnez un nom à l’étape",
                "Aucun destinataire")),
    ],
)  # fmt: skip
def test_every_fault_stands_beside_its_field(
    language: str, words: tuple[str, ...], town: Town, client_of: Signed
) -> None:
    _speaks(language)
    asked = {name: value for name, value in _STEP.items() if name != "to"}
    wrong = asked | {"step": "new", "days": "bientôt", "mode": "automatic", "name": ""}
    answer = client_of("claude").post("/scenarios/sme/step/", wrong)
    assert answer.status_code == 422
    text = answer.content.decode().replace("\u00a0", " ").replace("\u202f", " ")
    for field, said in zip(("days", "mode", "name", "to"), words, strict=True):
        assert f'id="e-{field}">{said}</span>' in text
    assert 'value="bientôt"' in text
    assert DunningScenario.objects.get(entity_id="A", code="sme").version == 1


def test_a_rung_of_a_lower_level_after_a_higher_one_is_told_by_names(town: Town, client_of: Signed) -> None:
    _speaks("en")
    wrong = _STEP | {"step": "reminder_1", "channel": "email", "mode": "confirm", "days": "25", "level": "1"}
    text = client_of("claude").post("/scenarios/sme/step/", wrong).content.decode()
    assert "lower level than “Letter with late-payment penalties” before it" in text


def test_a_copy_says_who_would_follow_it_before_it_is_kept(town: Town, client_of: Signed) -> None:
    _speaks("en")
    client = client_of("claude")
    form = {"of": "A", "source": "ready:sme", "name": "Large ones", "priority": "5", "pause_days": "3",
            "column": ["customer.kind"], "op": ["eq"], "value": ["business"]}  # fmt: skip
    text = client.post("/scenarios/new/", form | {"act": "preview"}).content.decode()
    assert "would follow it" in text
    assert "Zirconia" in text
    assert not DunningScenario.objects.filter(code="large_ones").exists()
    answer = client.post("/scenarios/new/", form | {"act": "save"})
    assert answer.headers["Location"].startswith("/scenarios/large_ones/")
    wrong = form | {"name": "", "column": ["position.overdue"], "op": ["ge"], "value": ["beaucoup"]}
    answer = client.post("/scenarios/new/", wrong | {"act": "preview"})
    assert answer.status_code == 422
    assert 'id="se-name"' in answer.content.decode()
    assert 'id="ce-1"' in answer.content.decode()
    text = client.get("/scenarios/large_ones/shape/?of=A").content.decode()
    assert 'value="Large ones"' in text
    changed = form | {"name": "Larger ones", "act": "save", "why": "clearer"}
    assert client.post("/scenarios/large_ones/shape/", changed).status_code == 302
    assert DunningScenario.objects.get(code="large_ones").data["names"]["en"] == "Larger ones"


def test_a_back_test_is_shown_filtered_and_taken_along(town: Town, client_of: Signed) -> None:
    _speaks("en")
    client = client_of("claude")
    text = client.get("/scenarios/sme/?of=A&tab=backtest").content.decode()
    assert "Zirconia" in text
    assert "617" in text  # what had come, of 1 234.56
    assert "collides" in text
    assert client.get("/scenarios/sme/?of=A&tab=backtest&part=collisions").context["found"].count == 1
    lines = client.get("/scenarios/sme/replay.csv?of=A").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "1234.56" in lines[1]
    sheet = client.get("/scenarios/sme/replay.xlsx?of=A").content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert rows[1][7] == 1234.56
    part = client_of("colette").get("/scenarios/sme/?of=A&tab=backtest").context["found"]
    assert (part.allowed, part.rows) == (False, []), "who sees a portfolio sees nothing of the others"


def test_a_replay_is_asked_for_once_and_followed(town: Town, client_of: Signed) -> None:
    client = client_of("claude")
    for _again in range(2):
        assert client.post("/scenarios/sme/replay/", {"of": "A", "months": "2"}).status_code == 302
    waiting = Run.objects.get(name="replay_scenario", state="waiting")
    assert waiting.summary["months"] == 2
    address = "/scenarios/sme/replay/progress/?of=A"
    assert "HX-Refresh" not in client.get(address).headers
    waiting.delete()
    assert client.get(address).headers["HX-Refresh"] == "true"
    assert client.post("/scenarios/sme/replay/", {"of": "A", "months": "1", "against": ""}).status_code == 302
    assert not Run.objects.filter(name="compare_scenarios").exists()
    client.post("/scenarios/sme/replay/", {"of": "A", "months": "1", "against": "key_account"})
    assert Run.objects.filter(name="compare_scenarios", state="waiting").exists()


def test_an_experiment_is_started_with_its_faults_said_and_ended(town: Town, client_of: Signed) -> None:
    _speaks("en")
    client = client_of("claude")
    form = {"of": "A", "tab": "experiments", "share": "10", "amount_max": "many", "days": "3", "step": "", "why": ""}
    answer = client.post("/scenarios/sme/experiment/", form)
    assert answer.status_code == 422
    text = answer.content.decode()
    for field in ("xe-amount", "xe-days", "xe-why"):
        assert f'id="{field}"' in text
    good = form | {"amount_max": "5 000", "days": "21", "why": "does it help?"}
    assert client.post("/scenarios/sme/experiment/", good).status_code == 302
    running = DunningExperiment.objects.get(scenario="sme")
    assert (running.amount_max, running.share) == (500_000, 0.1)
    assert "Too little to say" in client.get("/scenarios/sme/?of=A&tab=experiments").content.decode()
    client.post("/scenarios/sme/experiment/", {"of": "A", "act": "end", "experiment": running.code})
    running.refresh_from_db()
    assert running.ended_on is not None
