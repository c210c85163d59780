"""Parts of what notices to our own people say, a file a language; the names in braces are filled in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

#: Languages that notices are written in, the first where a person's own has none.
LANGUAGES = ("fr", "en")


def words_of(name: str, language: str) -> str:
    """A part of a notice, its names in braces. Raises KeyError for one that there is not."""
    return str(_read(language)["words"][name])


def task_words(kind: str, language: str) -> str:
    """What a kind of task is called."""
    named = _read(language)["tasks"]
    return str(named.get(kind, named["other"]))


def spoken(language: str) -> str:
    """The language that is written for a person who reads this one."""
    return language if language in LANGUAGES else LANGUAGES[0]


@lru_cache(maxsize=len(LANGUAGES))
def _read(language: str) -> Mapping[str, Mapping[str, str]]:
    text = (files(__package__) / f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)
