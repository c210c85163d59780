"""Languages of templates: those that ship, those that people added, how far they are, and who reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from encours.store.models import Contact, Customer
from encours.usecases.chased_facts import templates_of
from encours.usecases.edit_template import language_faults
from encours.usecases.frame_words import english, needed, words_in
from encours.usecases.letters import says
from encours.usecases.message_template import Source
from encours.usecases.viewing import Viewing

#: The origin of a text that nobody translated yet: what stands in it is English.
UNTRANSLATED = "untranslated"
#: Languages that ship: with them every message can be said.
SHIPPED = tuple(says.languages())


@dataclass(frozen=True)
class LanguageState:
    """An added language. `messages`, `letters`, `words`: (translated, all); `email_lacks`, `letter_lacks`: the English
    of the words around the text that lack; `readers`: customers that are seen, who read it or have a contact who does.
    """

    code: str
    readers: int
    messages: tuple[int, int]
    letters: tuple[int, int]
    words: tuple[int, int]
    email_lacks: list[str]
    letter_lacks: list[str]


@dataclass(frozen=True)
class Languages:
    """All templates with those that wait to be translated; `wanted`: languages of customers that nobody added yet."""

    rows: list[Source]
    letters: list[Source]
    added: list[LanguageState]
    wanted: list[tuple[str, int]]


def languages_of(
    viewing: Viewing, entity_id: str, rows: Sequence[Source], letters: Sequence[Source], asked: str
) -> Languages:
    """The languages of an entity's templates, and the one asked for, if it is one."""
    kept = templates_of(entity_id) if entity_id else []
    codes = {row.language for row in kept} | ({asked} if asked and not language_faults(asked) else set())
    added = sorted(codes - set(SHIPPED))
    readers = _readers(viewing, entity_id)
    every, printed = _with(rows, added), _with(letters, added)
    states = [_state(words_in(kept, code), code, len(readers.get(code, ())), every, printed) for code in added]
    wanted = sorted(((code, len(who)) for code, who in readers.items() if code not in codes | set(SHIPPED)),
                    key=lambda pair: (-pair[1], pair[0]))  # fmt: skip
    return Languages(every, printed, states, wanted)


def is_added(language: str) -> bool:
    """Whether a language needs words of one's own."""
    return language not in SHIPPED


def _with(rows: Sequence[Source], added: Iterable[str]) -> list[Source]:
    """The rows, and beneath them the English ones that stand to be translated. Colleagues read what ships."""
    have = {(row.code, row.language) for row in rows}
    begun = [row for row in rows if row.language == "en" and row.purpose != "internal"]
    waiting = [
        replace(row, language=code, origin=UNTRANSLATED)
        for code in added for row in begun if (row.code, code) not in have
    ]  # fmt: skip
    order = {code: place for place, code in enumerate(dict.fromkeys(row.code for row in rows))}
    place = [*SHIPPED, *added]
    return sorted([*rows, *waiting], key=lambda row: (order[row.code], place.index(row.language), row.tone))


def _state(
    known: Mapping[str, str], code: str, readers: int, rows: Sequence[Source], letters: Sequence[Source]
) -> LanguageState:
    lacks = [key for key in needed("letter") if key not in known]
    every, soon = len(needed("letter")), set(needed("email"))
    return LanguageState(
        code, readers, _done(rows, code), _done(letters, code), (every - len(lacks), every),
        [english()[key] for key in lacks if key in soon], [english()[key] for key in lacks],
    )  # fmt: skip


def _done(rows: Sequence[Source], code: str) -> tuple[int, int]:
    mine = {row.code: row.origin != UNTRANSLATED for row in rows if row.language == code}
    return sum(mine.values()), len(mine)


def _readers(viewing: Viewing, entity_id: str) -> dict[str, set[str]]:
    """Language -> the customers who read it, or one of whose contacts does; not of languages that ship."""
    found: dict[str, set[str]] = defaultdict(set)
    foreign = ~Q(language__in=("", *SHIPPED)) & Q(language__isnull=False)
    mine = viewing.facts(Customer).filter(entity_id=entity_id)
    told = list(mine.filter(foreign).values_list("customer_id", "language"))
    contacts = Contact.objects.filter(is_current=True, customer_id__in=mine.values("customer_id"))
    told += contacts.filter(foreign).values_list("customer_id", "language")
    for customer_id, language in told:
        code = says.language_of(language)
        if is_added(code):
            found[code].add(customer_id)
    return found
