"""Every field that a column of a sheet may be has a word, in both languages."""

from __future__ import annotations

import pytest
from django.utils import translation

from encours.connectors.sheet.kind import kinds
from encours.web.imports import fields


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", sorted(kinds()))
def test_no_field_is_shown_by_its_name(kind: str, language: str) -> None:
    with translation.override(language):
        bare = [name for name in kinds()[kind].fields if "_" in fields.label(name) or fields.label(name) == name]
    assert not bare
