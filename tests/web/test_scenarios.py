"""The screen of the scenarios: the time line, faults beside their fields in the reader's words, trials, lists."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser

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


def _sent(text: str) -> dict[str, list[str]]:
    """What a browser would send of the page's form of a step, as it stands."""
    form = _Form()
    begin = re.search(r'<form class="step[ "]', text)
    assert begin
    form.feed(text[begin.start() :].partition("</form>")[0])
    return form.sent


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.choice = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name, value = told.get("name") or "", told.get("value") or ""
        if tag == "select":
            self.choice = name
            self.sent.setdefault(name, [])
        elif tag == "option" and self.choice and ("selected" in told or not self.sent[self.choice]):
            self.sent[self.choice] = [value]
        elif tag == "input" and name and (told.get("type") != "checkbox" or "checked" in told):
            self.sent.setdefault(name, []).append(value if told.get("type") != "checkbox" else value or "on")

    def handle_endtag(self, tag: str) -> None:
        self.choice = "" if tag == "select" else self.choice


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_the_ready_made_hold_is_shown_and_saved_unchanged_it_is_the_same(
    language: str, town: Town, client_of: Signed
) -> None:
    _speaks(language)
    client = client_of("claude")
    for row in DunningScenario.objects.filter(entity_id="A"):
        for step in row.data["steps"]:
            text = client.get(f"/scenarios/{row.code}/?of=A&step={step['code']}").content.decode()
            assert client.post(f"/scenarios/{row.code}/step/", _sent(text)).status_code == 302
        text = client.get(f"/scenarios/{row.code}/shape/?of=A").content.decode()
        assert client.post(f"/scenarios/{row.code}/shape/", _sent(text) | {"act": "save"}).status_code == 302
        again = DunningScenario.objects.get(pk=row.pk)
        assert (again.data, again.version) == (row.data, row.version), row.code


def test_conditions_hours_and_amounts_of_a_step_are_kept_as_they_were_chosen(town: Town, client_of: Signed) -> None:
    _speaks("fr")
    client = client_of("claude")
    sent = _sent(client.get("/scenarios/sme/?of=A&step=letter").content.decode())
    sent |= {
        "when-1-column": "profile.profile", "when-1-op": "in", "when-1-value": ["irregular", "slipping"],
        "when-2-column": "profile.sales_share", "when-2-op": "lt", "when-2-value": "0,25",
        "when-3-column": "item.purchase_order", "when-3-op": "not_null",
        "own_window": "own", "weekdays": ["2", "4"], "hours_from": ["09:00", "", "14:00"],
        "hours_until": ["12:00", "", "17:30"], "amount_min": "1\u202f500,50", "amount_max": "20000",
    }  # fmt: skip
    assert client.post("/scenarios/sme/step/", sent).status_code == 302
    step = next(one for one in DunningScenario.objects.get(code="sme", entity_id="A").data["steps"]
                if one["code"] == "letter")  # fmt: skip
    assert step["when"] == [
        {"column": "profile.profile", "op": "in", "value": ["irregular", "slipping"]},
        {"column": "profile.sales_share", "op": "lt", "value": "0.25"},
        {"column": "item.purchase_order", "op": "not_null"},
    ]
    assert step["window"] == {"weekdays": [2, 4], "hours": [["09:00", "12:00"], ["14:00", "17:30"]]}
    assert (step["amount_min"], step["amount_max"]) == ("1500.50", "20000")
    text = client.get("/scenarios/sme/?of=A&step=letter").content.decode()
    assert 'value="0,25"' in text
    assert _sent(text)["when-1-value"] == ["irregular", "slipping"]
    assert client.post("/scenarios/sme/step/", _sent(text)).status_code == 302
    assert DunningScenario.objects.get(code="sme", entity_id="A").version == 2, "unchanged, it is the same"
    assert client.post("/scenarios/sme/step/", _sent(text) | {"own_window": ""}).status_code == 302
    step = next(one for one in DunningScenario.objects.get(code="sme", entity_id="A").data["steps"]
                if one["code"] == "letter")  # fmt: skip
    assert "window" not in step


def test_every_fault_of_conditions_and_hours_stands_beside_its_field_at_once(town: Town, client_of: Signed) -> None:
    _speaks("en")
    client = client_of("claude")
    sent = _sent(client.get("/scenarios/sme/?of=A&step=letter").content.decode()) | {
        "when-1-column": "customer.kind", "when-1-op": "eq", "when-1-value": "busines",
        "when-2-column": "customer.country", "when-2-op": "lt", "when-2-value": "FR",
        "when-3-column": "position.overdue", "when-3-op": "ge", "when-3-value": "lots",
        "when-4-column": "", "when-4-op": "eq", "when-4-value": "FR",
        "when-5-column": "item.due_on", "when-5-op": "ge", "when-5-value": "soon",
        "when-6-column": "profile.profile", "when-6-op": "in",
        "own_window": "own", "weekdays": [], "hours_from": ["18:00"], "hours_until": ["09:00"],
        "amount_min": "1,500", "amount_max": "much", "days": "soon",
    }  # fmt: skip
    answer = client.post("/scenarios/sme/step/", sent)
    assert answer.status_code == 422
    text = answer.content.decode()
    said = {"when-1": "never stands in this column", "when-2": "This cannot be asked of this column",
            "when-3": "It is no number", "when-4": "Choose what the condition asks of", "when-5": "It is no day",
            "when-6": "Give the value"}  # fmt: skip
    for place, words in said.items():
        assert words in text.partition(f'id="ce-{place}">')[2].partition("</span>")[0], place
    for field in ("weekdays", "hours", "amount_min", "amount_max", "days"):
        assert f'id="e-{field}"' in text, field
    assert 'value="lots"' in text
    assert DunningScenario.objects.get(code="sme", entity_id="A").version == 1


def test_a_line_asks_for_what_fits_its_column(town: Town, client_of: Signed) -> None:
    _speaks("en")
    client = client_of("claude")
    at = "/scenarios/condition/?of=A&name=when&at=2"
    text = client.get(f"{at}&when-2-column=profile.profile&when-2-op=in").content.decode()
    assert text.count('type="checkbox" name="when-2-value"') == 9
    assert 'value="lt"' not in text
    assert 'type="date"' in client.get(f"{at}&when-2-column=item.due_on&when-2-op=ge").content.decode()
    text = client.get(f"{at}&when-2-column=position.overdue&when-2-op=ge&when-2-value=100").content.decode()
    assert '<span class="muted">EUR</span>' in text
    assert 'value="100"' in text
    assert "when-2-value" not in client.get(f"{at}&when-2-column=customer.segment&when-2-op=is_null").content.decode()
    assert 'value="busines"' not in client.get(
        f"{at}&when-2-column=customer.kind&when-2-op=eq&when-2-value=busines"
    ).content.decode()  # fmt: skip


def test_a_copy_says_who_would_follow_it_before_it_is_kept(town: Town, client_of: Signed) -> None:
    _speaks("en")
    client = client_of("claude")
    form = {"of": "A", "source": "ready:sme", "name": "Large ones", "priority": "5", "pause_days": "3",
            "segment-1-column": "customer.kind", "segment-1-op": "eq", "segment-1-value": "business"}  # fmt: skip
    text = client.post("/scenarios/new/", form | {"act": "preview"}).content.decode()
    assert "would follow it" in text
    assert "Zirconia" in text
    assert not DunningScenario.objects.filter(code="large_ones").exists()
    answer = client.post("/scenarios/new/", form | {"act": "save"})
    assert answer.headers["Location"].startswith("/scenarios/large_ones/")
    wrong = form | {"name": "", "segment-1-column": "position.overdue", "segment-1-op": "ge",
                    "segment-1-value": "beaucoup"}  # fmt: skip
    answer = client.post("/scenarios/new/", wrong | {"act": "preview"})
    assert answer.status_code == 422
    assert 'id="se-name"' in answer.content.decode()
    assert 'id="ce-segment-1"' in answer.content.decode()
    text = client.get("/scenarios/large_ones/shape/?of=A").content.decode()
    assert 'value="Large ones"' in text
    changed = form | {"name": "Larger ones", "act": "save", "why": "clearer"}
    assert client.post("/scenarios/large_ones/shape/", changed).status_code == 302
    assert DunningScenario.objects.get(code="large_ones").data["names"]["en"] == "Larger ones"


def test_contact_caps_are_set_and_every_fault_stands_beside_its_field(town: Town, client_of: Signed) -> None:
    _speaks("en")
    client = client_of("claude")
    sent = _sent(client.get("/scenarios/sme/shape/?of=A").content.decode()) | {"act": "save"}
    wrong = sent | {"cap-1-contacts": "0", "cap-1-days": "soon", "cap-2-contacts": "2", "cap-2-over": "some",
                    "cap-3-channels": ["call"]}  # fmt: skip
    answer = client.post("/scenarios/sme/shape/", wrong)
    assert answer.status_code == 422
    text = answer.content.decode()
    said = {"1-contacts": "It must be a number of contacts from 1 to 100",
            "1-days": "It must be a number of days from 1 to 366",
            "2-days": "It must be a number of days from 1 to 366",
            "2-channels": "Choose at least one channel"}  # fmt: skip
    for place, words in said.items():
        assert f'id="ke-{place}">{words}</span>' in text
    assert text.count('class="errorlist"') == len(said)
    assert 'value="soon"' in text
    assert DunningScenario.objects.get(entity_id="A", code="sme").version == 1
    good = sent | {"cap-1-contacts": "2", "cap-1-days": "7", "cap-2-contacts": "1", "cap-2-days": "1",
                   "cap-2-over": "some", "cap-2-channels": ["sms", "call"]}  # fmt: skip
    assert client.post("/scenarios/sme/shape/", good).status_code == 302
    row = DunningScenario.objects.get(entity_id="A", code="sme")
    assert row.data["caps"] == [
        {"contacts": 2, "days": 7, "channels": []},
        {"contacts": 1, "days": 1, "channels": ["sms", "call"]},
    ]
    assert "at most 2 contacts within 7 days · at most 1 contact within 1 day (SMS, Call)" in (
        client.get("/scenarios/sme/?of=A").content.decode()
    )
    again = _sent(client.get("/scenarios/sme/shape/?of=A").content.decode()) | {"act": "save"}
    assert client.post("/scenarios/sme/shape/", again).status_code == 302
    assert DunningScenario.objects.get(pk=row.pk).version == 2, "unchanged, it is the same"
    none = {name: value for name, value in again.items() if not name.startswith("cap-")}
    assert client.post("/scenarios/sme/shape/", none).status_code == 302
    assert DunningScenario.objects.get(pk=row.pk).data["caps"] == []


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
