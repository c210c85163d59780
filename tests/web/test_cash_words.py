"""What is said of a difference has its French: what each cause is, what speaks for it, why a policy refuses it."""

from __future__ import annotations

import re

from hypothesis import given

from encours.core.matching.differences import Case, causes, explain_gap, judge
from encours.core.matching.differences.causes import default_policy
from encours.usecases.mark_not_customer import REASONS
from encours.web.cash.words import aside_reasons
from encours.web.shell.issue_words import french
from encours.web.shell.issue_words.catalogue import sections
from encours.web.shell.words import words
from tests.core.matching.differences.test_explain import EXAMPLES, cases

_ENGLISH = re.compile(r"\b(the|and|of|is|came|less|exactly)\b")


def _check(asked: Case) -> None:
    said = [one for found in explain_gap(asked, default_policy()) for one in found.differences]
    said += [judge(name, asked, default_policy()) for name in causes()]
    for one in said:
        for text in filter(None, (one.sentence, one.proof, one.why_outside)):
            told = french(text)
            assert told != text, text
            assert not _ENGLISH.search(told), told


@given(cases())
def test_every_difference_has_its_french(asked: Case) -> None:
    _check(asked)


def test_every_example_has_its_french() -> None:
    for asked in EXAMPLES:
        _check(asked)


def test_every_cause_and_reason_has_a_word() -> None:
    assert set(sections()["causes"]) == set(causes())
    assert [code for code, _ in aside_reasons()] == list(REASONS)
    assert {"book_advance", "mark_not_customer", "open_dispute"} <= set(words("act"))
