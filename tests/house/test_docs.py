"""Pages made from the code say what the code says, and what the other pages name is there."""

from __future__ import annotations

import re

import pytest

from scripts import docs
from tests.house.tree import ROOT, tracked


def test_generated_pages_are_fresh() -> None:
    assert docs.stale() == [], "call `make docs`"


def test_every_column_of_the_book_is_explained() -> None:
    assert docs.missing_words() == []


_PAGES = [path for path in tracked() if path.endswith(".md") and "/golden/" not in path]


@pytest.mark.parametrize("page", _PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text)
    folder = (ROOT / page).parent
    assert [target for target in targets if not (folder / target).exists()] == []


@pytest.mark.parametrize("page", _PAGES)
def test_paths_of_the_repository_exist(page: str) -> None:
    """A path in code marks that begins with a folder of ours; one with a placeholder in it is an example."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|tests|docs|benchmarks|scripts)/[\w./-]+)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []
