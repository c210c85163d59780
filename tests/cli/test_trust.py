"""`encours trust` and `encours rewind`: the promise as text, the way back with a look first."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from encours.cli import installation
from encours.cli.app import app
from encours.cli.commands import rewind, trust
from encours.core.matching.model import model_digest
from encours.store.models import Item
from encours.store.rights import job
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from tests.usecases.judged import add_history, load
from tests.usecases.waiting import person

pytestmark = pytest.mark.django_db
_RUN = CliRunner()


@pytest.fixture(autouse=True)
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own database stands for the installation."""
    for module in (trust, rewind, installation):
        monkeypatch.setattr(module, "open_installation", lambda *words, **more: tmp_path)
    load(tmp_path)


def said(*words: Any) -> str:
    result = _RUN.invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_promise_of_an_entity_is_printed() -> None:
    text = said("trust", "A")
    assert "Automatic posting is off." in text
    assert "No certificate yet: 0 judged receipts of about 2,995 for this budget." in text
    add_history(person("clerk", "cash_application"), 700)
    activate_automatic_posting(person("manager"), "A", "looked through", 50_000)
    text = said("trust", "A", "--certify")
    assert "Automatic posting is on, up to 500.00 EUR a receipt." in text
    assert "NOT certified; 0 wrong among 700 of 700 judged" in text
    assert "This history supports 1 in 200" in text
    assert re.search(r"By value: 0\.00 wrong of [\d,.]+ EUR, 100 % of the judged money; (at most|no bound yet)", text)
    assert _RUN.invoke(app, ["trust", "X"]).exit_code != 0


def test_a_run_is_rewound_after_a_look() -> None:
    activate_automatic_posting(job("test"), "A", "looked through")
    run = apply_receipts(job("test"), ["A"])[0].run_id
    wrong = _RUN.invoke(app, ["rewind", str(run)])
    assert "say why" in str(wrong.exception)
    text = said("rewind", run, "--dry-run")
    assert "3 posts stand, 300.00 EUR." in text
    assert Item.objects.get(item_id="A:0:i0", is_current=True).open == 0
    assert "0 posts stand." in said("rewind", run, "--dry-run", "--rule", "another")
    assert "3 posts were rewound in 3 allocations." in said("rewind", run, "--why", "a wrong rule")
    assert Item.objects.get(item_id="A:0:i0", is_current=True).open == 10_000


def test_a_version_of_the_model_is_rewound_over_all_runs() -> None:
    activate_automatic_posting(job("test"), "A", "looked through")
    run = apply_receipts(job("test"), ["A"])[0].run_id
    for words in (["rewind", "--dry-run"], ["rewind", str(run), "--entity", "A", "--dry-run"]):
        assert _RUN.invoke(app, words).exit_code != 0
    asked = ("rewind", "--entity", "A", "--model", model_digest())
    text = said(*asked, "--dry-run")
    assert f"All runs of A, model:{model_digest()}: 3 posts stand, 300.00 EUR." in text
    assert "3 posts were rewound in 3 allocations." in said(*asked, "--why", "a wrong model")
    assert "0 posts stand." in said(*asked, "--dry-run")
