"""What notices to our own people say, a file a language; the names in braces are filled in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

#: Languages that notices are written in, the first where a person's own has none.
LANGUAGES = ("fr", "en")


@dataclass(frozen=True)
class Words:
    """One kind of notice."""

    subject: str
    text: str


def words_of(kind: str, language: str) -> Words:
    """The words of a kind of notice. Raises KeyError for a kind that there is not."""
    one = _read(language)["notices"][kind]
    return Words(one.get("subject", ""), one["text"])


def task_words(kind: str, language: str) -> str:
    """What a kind of task is called."""
    named = _read(language)["tasks"]
    return str(named.get(kind, named["other"]))


def spoken(language: str) -> str:
    """The language that is written for a person who reads this one."""
    return language if language in LANGUAGES else LANGUAGES[0]


@lru_cache(maxsize=len(LANGUAGES))
def _read(language: str) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    text = (files(__package__) / f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)
