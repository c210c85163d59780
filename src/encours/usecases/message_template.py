"""Templates of messages in Liquid: what names they may use, what is wrong with one, and what it says with values.

Nothing in a template runs code: no file is read, no attribute of an object is reached, loops and output are limited.
The text is the one source: its HTML is the same words, escaped, with tables and payment instructions set as such.
Whoever wants another HTML writes one; whatever comes from a customer is escaped in it too.
"""

from __future__ import annotations

import html as markup
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from liquid import Environment, StrictUndefined
from liquid.exceptions import LiquidError
from markupsafe import Markup

from encours.core.base.issue import CallError

#: Name -> its fields; none: a plain value. A list's fields are those of one of its rows.
NAMES: Mapping[str, tuple[str, ...]] = {
    "entity": ("name", "legal_id", "email", "phone"),
    "customer": ("name", "account", "kind", "language", "country"),
    "contact": ("name", "email", "phone", "role"),
    "sender": ("name", "email", "phone", "title", "signature"),
    "items": ("number", "issued_on", "due_on", "days", "amount", "asked", "held", "order", "purchase_order", "label"),
    "penalties": ("interest", "indemnity", "total"),
    "promise": ("amount", "due_on", "made_on"),
    "total": (), "total_with_penalties": (), "held": (), "count": (), "oldest_days": (), "oldest_due": (),
    "next_due": (), "pay_by": (), "day": (), "tone": (), "level": (), "language": (), "currency": (),
    "statement_link": (), "link": (), "table": (), "penalties_table": (), "payment": (),
}  # fmt: skip
#: What messages to our own people know, by their code; each knows what `_OURS` says beside it.
INTERNAL: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sales_digest": {
        "customers": ("name", "account", "overdue", "oldest_days", "asked", "link"),
        "total": (),
        "count": (),
    },
    "step_notice": {
        "customer": ("name", "account"),
        "total": (),
        "oldest_days": (),
        "notice": ("step", "on", "before", "hours"),
    },
    "mention": {"author": ("name",), "customer": ("name", "account"), "comment": ()},
    "task_given": {"author": ("name",), "customer": ("name", "account"), "task": ("title", "due_on")},
    "step_copied": {
        "author": ("name",),
        "customer": ("name", "account"),
        "total": (),
        "copied": ("step", "channel", "said"),
    },
    "hold_asked": {"author": ("name",), "customer": ("name", "account"), "comment": (), "hold": ("until_on",)},
}
_OURS: Mapping[str, tuple[str, ...]] = {
    "recipient": ("name", "email"),
    "entity": NAMES["entity"],
    "sender": NAMES["sender"],
    "day": (),
    "language": (),
    "link": (),
}
#: What letters know beside the rest: their sums and phrases. How to pay and the penalties stand in the letter's frame.
LETTER: Mapping[str, tuple[str, ...]] = {
    "principal": (), "interest": (), "indemnity": (), "items_remain": (), "oldest_late": (), "late_for": (),
    "running": (),
}  # fmt: skip
_FRAMED = ("penalties_table", "payment", "statement_link", "link")
LISTS = ("items", "customers")
_BLOCKS = ("table", "penalties_table", "payment", "statement_link", "link")
_TAGS = frozenset(
    {"#", "assign", "break", "case", "comment", "content", "continue", "for", "if", "illegal", "output", "unless"}
)
_FILTERS = frozenset(
    {
        "abs", "append", "at_least", "at_most", "capitalize", "ceil", "default", "divided_by", "downcase", "first",
        "floor", "join", "last", "lstrip", "map", "minus", "modulo", "plus", "prepend", "remove", "replace", "reverse",
        "round", "rstrip", "size", "slice", "sort", "split", "squish", "strip", "times", "truncate", "truncatewords",
        "uniq", "upcase", "where",
    }
)  # fmt: skip
_FORLOOP = frozenset({"index", "index0", "rindex", "rindex0", "first", "last", "length", "parentloop", "name"})
_LONG = 60_000
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([a-z_]+){_CLOSE}")
_WHITE = re.compile("[^\\S\u00a0\u202f]+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ue000\ue001]")


@dataclass(frozen=True)
class Source:
    """A template as written. `html` empty: made of the text. `origin`: shipped, all (entities) or own."""

    code: str
    language: str
    subject: str
    text: str
    html: str = ""
    channel: str = "email"
    tone: str = ""
    purpose: str = "dunning"
    origin: str = "shipped"


@dataclass(frozen=True)
class Block:
    """A part that is set otherwise in text and in HTML: a table, payment instructions, a link."""

    text: str
    html: str


@dataclass(frozen=True)
class Rendered:
    """What a message says."""

    subject: str
    text: str
    html: str


class _Environment(Environment):
    """Liquid without doors: no other templates, no unlimited loops or output."""

    loop_iteration_limit = 10_000
    output_stream_limit = 1_000_000
    local_namespace_limit = 200_000
    context_depth_limit = 20


@cache
def _environment(escaping: bool) -> Environment:
    made = _Environment(undefined=StrictUndefined, autoescape=escaping)
    for name in set(made.tags) - _TAGS:
        del made.tags[name]
    for name in set(made.filters) - _FILTERS:
        del made.filters[name]
    return made


def names_of(code: str, channel: str = "email") -> Mapping[str, tuple[str, ...]]:
    """What a template of this code may use on a channel: names and their fields."""
    if code in INTERNAL:
        return {**_OURS, **INTERNAL[code]}
    if channel == "letter":
        return {**{name: fields for name, fields in NAMES.items() if name not in _FRAMED}, **LETTER}
    return NAMES


def languages() -> list[str]:
    """Languages in which messages are shipped."""
    folder = resources.files("encours.usecases.message_words")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def codes() -> list[str]:
    """Codes of the shipped templates, in their order."""
    return [code for code in _shipped("en") if code != "words"]


def shipped(code: str, language: str) -> Source | None:
    """The shipped template of a code in a language; None where there is none."""
    found = _shipped(language).get(code)
    if found is None or code == "words":
        return None
    return Source(
        code, language, found["subject"], found["text"].strip("\n"), "", found["channel"], found["tone"],
        found.get("purpose", "dunning"),
    )  # fmt: skip


@lru_cache(maxsize=16)
def _shipped(language: str) -> Mapping[str, Any]:
    if not re.fullmatch("[a-z]{2,3}", language):
        return {}
    file = resources.files("encours.usecases.message_words").joinpath(f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def faults(source: Source) -> list[str]:
    """Everything wrong with a template, each with the part and the line it stands on."""
    found = []
    parts = {"subject": source.subject, "text": source.text, "html": source.html}
    if not source.subject.strip():
        found.append("the subject is empty")
    if not source.text.strip():
        found.append("the text is empty")
    if "\n" in source.subject.strip():
        found.append("the subject is one line")
    for name, text in parts.items():
        if len(text) > _LONG:
            found.append(f"{name}: longer than {_LONG} characters")
        else:
            found += [f"{name}, line {line}: {what}" for line, what in sorted(_part_faults(text, source))]
    if "" in (source.subject.strip(), source.text.strip()) or found:
        return found
    try:
        render(source, sample(source.code, source.channel), {name: Block(name, name) for name in _BLOCKS})
    except CallError as error:
        found += error.faults
    return found


def _part_faults(text: str, source: Source) -> Iterator[tuple[int, str]]:
    try:
        template = _environment(False).from_string(text)
        analysis = template.analyze()
    except LiquidError as error:
        yield _line_of(error, text), str(error.message or "this cannot be read")
        return
    known = names_of(source.code, source.channel)
    fields = {field for name in LISTS for field in known.get(name, ())} | _FORLOOP
    free = {variable.span.index for found in analysis.globals.values() for variable in found}
    for found in analysis.variables.values():
        for variable in found:
            path = [segment for segment in variable.segments if isinstance(segment, str)]
            line = text.count("\n", 0, variable.span.index) + 1
            if variable.span.index in free and path and path[0] not in known:
                yield line, f"{path[0]} is not known; there are {', '.join(sorted(known))}"
            elif variable.span.index in free and len(path) > 1 and not _has(known, path):
                yield line, f"{path[0]} has no {path[1]}; it has {', '.join(known[path[0]])}"
            elif variable.span.index not in free and len(path) > 1 and path[1] not in fields:
                yield line, f"{path[0]} has no {path[1]}"


def _has(known: Mapping[str, tuple[str, ...]], path: list[str]) -> bool:
    if path[0] in LISTS and known[path[0]] and path[1] in ("first", "last", "size"):
        return len(path) == 2 or path[2] in known[path[0]]
    return path[1] in known[path[0]] and len(path) == 2


def _line_of(error: LiquidError, text: str) -> int:
    index = getattr(error.token, "start_index", -1) if error.token is not None else -1
    return text.count("\n", 0, index) + 1 if index >= 0 else text.count("\n") + 1


def render(source: Source, values: Mapping[str, Any], blocks: Mapping[str, Block]) -> Rendered:
    """What the template says. Raises CallError with the part and line of what it cannot say."""
    plain = _clean(values)
    marks = {name: f"{_OPEN}{name}{_CLOSE}" if block.text else "" for name, block in blocks.items()}
    subject = one_line(_filled("subject", source.subject, {**plain, **{name: b.text for name, b in blocks.items()}}))
    marked = _filled("text", source.text, {**plain, **marks})
    marked = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in marked.splitlines())).strip("\n")
    text = _MARK.sub(lambda found: blocks[found[1]].text, marked) + "\n"
    if source.html.strip():
        safe = {name: Markup(block.html) for name, block in blocks.items()}  # our own tables, escaped
        body = _filled("html", source.html, {**plain, **safe}, escaping=True)
    else:
        body = _as_html(marked, blocks)
    return Rendered(subject[:400], text, page(body, subject, source.language))


def _filled(part: str, text: str, values: Mapping[str, Any], *, escaping: bool = False) -> str:
    try:
        return str(_template(text, escaping).render(**values))
    except LiquidError as error:
        raise CallError([f"{part}, line {_line_of(error, text)}: {error.message}"]) from None


@lru_cache(maxsize=256)
def _template(text: str, escaping: bool) -> Any:
    return _environment(escaping).from_string(text)


def _clean(value: Any) -> Any:
    """Values without control characters and without our own marks, whatever a customer's name holds."""
    if isinstance(value, Mapping):
        return {key: _clean(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(part) for part in value]
    if isinstance(value, str):
        return _CONTROL.sub("", value)
    return value if isinstance(value, (int, bool)) else str(value or "")


def one_line(text: str) -> str:
    """The text on one line. What keeps an amount together stays."""
    return _WHITE.sub(" ", text).strip()


def _as_html(marked: str, blocks: Mapping[str, Block]) -> str:
    """Paragraphs of the text, escaped; a block that stands alone is no paragraph."""
    made = []
    for paragraph in re.split(r"\n\s*\n", marked):
        alone = _MARK.fullmatch(paragraph.strip())
        if alone and not alone[1].endswith("link"):
            made.append(blocks[alone[1]].html)
            continue
        body = markup.escape(paragraph).replace("\n", "<br>\n")
        made.append(f'<p style="margin:0 0 14px">{_MARK.sub(lambda found: blocks[found[1]].html, body)}</p>')
    return "\n".join(part for part in made if part)


def page(body: str, title: str, language: str) -> str:
    """A whole HTML document around the body of a message: plain, readable in every mail program, no outside content."""
    return (
        f'<!DOCTYPE html>\n<html lang="{markup.escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{markup.escape(title)}</title></head>\n"
        '<body style="margin:0;padding:16px;font:15px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;'
        'color:#1c2024;background:#ffffff"><div style="max-width:680px">\n'
        f"{body}\n</div></body></html>\n"
    )


def sample(code: str, channel: str = "email") -> dict[str, Any]:
    """Values of the right shape for every name, by which a template is tried before it is kept."""
    made: dict[str, Any] = {}
    for name, fields in names_of(code, channel).items():
        row = {field: 2 if field in ("days", "oldest_days", "hours") else field for field in fields}
        made[name] = [row, row] if name in LISTS else row or name
    return made | {"count": 2, "oldest_days": 12, "level": 1}


def with_tone(source: Source, tone: str) -> Source:
    """The template in another tone."""
    return replace(source, tone=tone) if tone else source
