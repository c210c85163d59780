"""The words around the text of a message, in languages that a user adds: headings of tables, how to pay, mentions.

English and French ship with theirs (`letters/words`). A language that is added gets its own word by word; a message is
said in it once all words that such a message needs are there, and as a whole in English before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

from encours.core.base.issue import CallError
from encours.core.dunning.fields import Fault
from encours.store.models import MessageTemplate
from encours.usecases.chased_facts import templates_of
from encours.usecases.edit_template import keep_version, language_faults
from encours.usecases.letters import says
from encours.usecases.letters.says import Spoken
from encours.usecases.rights import Actor, require

#: As what they are kept among the templates.
CHANNEL, CODE = "frame", "frame_words"
Use = Literal["email", "letter"]
_PARTS = ("heading", "running")
_LONG = 2_000
#: What makes a mention the one that the law asks for: its articles, and the sum that they fix.
_STATUTORY = re.compile(r"\d+(?:-\d+)+|\b1344\b|(?<=€)40\b")
_NAME = re.compile(r"\{\{\s*(\w+)\s*\}\}")
#: What stands in an e-mail; letters and statements need all of it.
_EMAIL = frozenset(
    f"words.{key}"
    for key in (
        "number", "issued", "due", "days_late", "asked", "held_note", "total_items", "base", "days", "rate", "interest",
        "sum_indemnity", "payment_title", "pay_amount", "pay_to", "pay_reference", "qr", "subrogation",
        "file_statement", "file_copies",
    )
)  # fmt: skip


@cache
def english() -> Mapping[str, str]:
    """Key -> what it says in English, in the order of the file: what is translated."""
    file = says.words("en")
    found = {f"words.{key}": text for key, text in file["words"].items()}
    found |= {f"phrases.{key}": text for key, text in file["phrases"].items()}
    for kind, texts in file["letters"].items():
        parts = (*_PARTS, "text") if kind == "statement" else _PARTS
        found |= {f"letters.{kind}.{part}": texts[part].strip() for part in parts if part in texts}
    return found


def needed(use: Use) -> list[str]:
    """The keys of what a message of this kind says beside its own text."""
    return [key for key in english() if use == "letter" or key in _EMAIL]


def frame_of(entity_id: str, language: str) -> dict[str, str]:
    """Key -> the words of an added language, as far as they are there; the entity's own before those of all."""
    return words_in(templates_of(entity_id), language)


def words_in(templates: Iterable[MessageTemplate], language: str) -> dict[str, str]:
    """What these templates hold of a language's words around the text."""
    rows = [row for row in templates if row.channel == CHANNEL and row.language == language]
    found: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: (row.entity_id is not None, row.version)):
        found |= {key: text for key, text in json.loads(row.text).items() if key in english()}
    return found


def missing(entity_id: str, language: str, use: Use) -> list[str]:
    """Keys without words; none of a language that ships."""
    if language in says.languages():
        return []
    known = frame_of(entity_id, language)
    return [key for key in needed(use) if key not in known]


def said_in(entity_id: str, language: str, use: Use) -> str:
    """The language in which such a message can be framed: this one, where its words are complete, else English."""
    if language in says.languages() or (isinstance(language, Spoken) and language.draft):
        return language
    if missing(entity_id, language, use):
        return "en"
    return Spoken(language, _file(frame_of(entity_id, language)))


def drafted(entity_id: str, language: str) -> str:
    """A language with the words that there are, English where one lacks: for previews."""
    if language in says.languages():
        return language
    return Spoken(language, _file(frame_of(entity_id, language)), draft=True)


def _file(words: Mapping[str, str]) -> Mapping[str, Any]:
    """Words by key as a file of `letters/words` holds them; what lacks is English."""
    file = says.words("en")
    made: dict[str, Any] = {part: dict(file[part]) for part in ("words", "phrases")}
    made["letters"] = {kind: dict(texts) for kind, texts in file["letters"].items()}
    for key, text in words.items():
        part, *path = key.split(".")
        into = made[part][path[0]] if len(path) > 1 else made[part]
        into[path[-1]] = text
    return made


def save_frame(actor: Actor, entity_id: str, language: str, words: Mapping[str, str]) -> None:
    """Keeps what is said in a language, in force at once; what is empty is not translated yet. The same again changes
    nothing. Raises NotAllowedError, or CallError with every fault (`Fault`, its field the key)."""
    require(actor, "edit_template", entity_id)
    told = {key: text.replace("\r\n", "\n").strip() for key, text in words.items() if text.strip()}
    found: list[str] = list(language_faults(language))
    if language in says.languages():
        found.append(f"the words of {language!r} come with Encours")
    found += [fault for key, text in told.items() for fault in _faults(key, text)]
    if found:
        raise CallError(found)
    text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    keep_version(actor, CODE, language, {"subject": "", "text": text, "html": ""}, "neutral", CHANNEL, entity_id)


def _faults(key: str, text: str) -> Iterable[str]:
    """Every value and every article of law that the English words name stands in a translation, too."""
    if key not in english():
        yield Fault(f"{key}: no such words are asked for", key, key)
        return
    if len(text) > _LONG:
        yield Fault(f"{key}: longer than {_LONG} characters", key, key)
    wanted, given = set(_NAME.findall(english()[key])), set(_NAME.findall(text))
    for article in dict.fromkeys(_STATUTORY.findall(english()[key])):
        if not re.search(rf"(?<![\d-]){re.escape(article)}(?![\d-])", text):
            yield Fault(f"{key}: {article!r} must stand in it", key, key)
    for name in sorted(given - wanted):
        yield Fault(f"{key}: {name!r} is not known here", key, key)
    for name in sorted(wanted - given):
        yield Fault(f"{key}: {name!r} must stand in it", key, key)
    if ("{{" in _NAME.sub("", text)) or ("}}" in _NAME.sub("", text)):
        yield Fault(f"{key}: a name in double braces is not closed", key, key)
    if ("---" in english()[key]) != ("---" in text):
        yield Fault(f"{key}: a line with --- marks where the tables go", key, key)
