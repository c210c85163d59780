"""A message's text on a page: columns stay under each other, sentences wrap."""

from __future__ import annotations

from encours.web.shell.issue_words import said
from encours.web.shell.tags import passages


def test_columns_are_told_from_sentences() -> None:
    text = (
        "Good morning,\n\nWe ask for:\n\nItem    Date        Open\n----    ----        ----\nF1      2026-01-01   9\n\n"
        "Regards,\nZ\n"
    )
    kinds = [kind for kind, _ in passages(text)]
    assert kinds == ["words", "words", "table", "words"]
    assert passages(text)[3][1] == "Regards,\nZ"
    assert passages("") == []


def test_amounts_of_engines_are_read_with_their_thousands() -> None:
    from django.utils import translation

    with translation.override("en"):
        assert said("3947.00 EUR asked for, 12500 JPY held.") == "3,947.00 EUR asked for, 12,500 JPY held."
        assert said("item FA-2026-1000 EUR") == "item FA-2026-1000 EUR"
        assert said("999.00 EUR, 2026-11-23") == "999.00 EUR, 2026-11-23"
