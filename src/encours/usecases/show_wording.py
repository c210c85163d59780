"""Templates as the page shows them: those in force, one opened to be changed, and what it says to a real customer."""

from __future__ import annotations

from dataclasses import dataclass

from encours.core.base.issue import CallError
from encours.store.models import Customer, CustomerPosition, Entity, MessageTemplate
from encours.usecases import message_template
from encours.usecases.added_languages import Languages, languages_of
from encours.usecases.compose_message import preview_template
from encours.usecases.edit_template import check_template, list_templates
from encours.usecases.letter_wording import CHANNEL, list_letters, preview_letter
from encours.usecases.look_at_letter import Pages
from encours.usecases.manage_settings import read_at_once
from encours.usecases.message_template import Source
from encours.usecases.preview_notice import is_notice, preview_notice
from encours.usecases.rights import NotAllowedError
from encours.usecases.viewing import Viewing

_EXAMPLES = 25


@dataclass(frozen=True)
class Example:
    """A customer on whom a template is tried."""

    customer_id: str
    name: str


@dataclass(frozen=True)
class WordingPage:
    """The templates of an entity, and the one that is opened."""

    entity_id: str
    entities: list[tuple[str, str]]
    rows: list[Source]
    letters: list[Source]
    opened: Source | None
    names: dict[str, tuple[str, ...]]
    examples: list[Example]
    versions: int
    languages: Languages


@dataclass(frozen=True)
class Preview:
    """What a template says to a customer, or everything that is wrong with it; `pages`: of a letter, as printed."""

    to: list[str]
    subject: str
    text: str
    html: str
    faults: tuple[str, ...] = ()
    pages: Pages | None = None


def show_wording(
    viewing: Viewing, entity_id: str, code: str, language: str, channel: str = "", tone: str = ""
) -> WordingPage:
    """The templates in force for an entity that is seen; the one that is named is opened, of letters in its tone.

    A language that is named and has no words yet begins with the English ones.
    """
    entities = list(viewing.rows(Entity).order_by("name").values_list("entity_id", "name"))
    known = [one for one, _ in entities]
    of = entity_id if entity_id in known else (known[0] if known else "")
    rows = list_templates(viewing.actor, of) if of else []
    letters = list_letters(viewing.actor, of) if of else []
    languages = languages_of(viewing, of, rows, letters, language if of else "")
    rows, letters = languages.rows, languages.letters
    among = letters if channel == CHANNEL and letters else rows
    fits = [one for one in among if one.code == code]
    fits = [one for one in fits if one.language == language] or fits
    fits = [one for one in fits if one.tone == tone] or fits
    spoken = [one for one in among if one.language == language]
    opened = next(iter(fits or spoken or among), None)
    return WordingPage(
        of, entities, rows, letters, opened,
        dict(message_template.names_of(opened.code, opened.channel)) if opened else {}, _examples(viewing, of),
        _versions(of, opened) if opened else 0, languages,
    )  # fmt: skip


def preview_words(viewing: Viewing, source: Source, customer_id: str) -> Preview:
    """What the words say to a customer; nothing is kept."""
    faults = check_template(source.code, source.language, source.subject, source.text, source.html, source.channel)
    if faults:
        return Preview([], "", "", "", tuple(faults))
    try:
        if source.channel == CHANNEL:
            return Preview([], "", "", "", pages=preview_letter(viewing.actor, source, customer_id))
        if is_notice(source.code):
            reader, words = preview_notice(viewing.actor, source, customer_id)
            return Preview([reader] if reader else [], words.subject, words.text, words.html)
        with read_at_once(customer_id.partition(":")[0]):
            found = preview_template(viewing.actor, source, customer_id)
    except NotAllowedError:
        raise
    except CallError as refused:
        return Preview([], "", "", "", tuple(refused.faults))
    to = [one.address for one in found.recipients.to]
    return Preview(to, found.words.subject, found.words.text, found.words.html)


def _versions(entity_id: str, opened: Source) -> int:
    """How many versions of these words are kept."""
    rows = MessageTemplate.objects.filter(entity_id=entity_id, code=opened.code, language=opened.language)
    if opened.channel == CHANNEL:
        return rows.filter(channel=CHANNEL, tone=opened.tone).count()
    return rows.exclude(channel=CHANNEL).count()


def _examples(viewing: Viewing, entity_id: str) -> list[Example]:
    """Customers with the most overdue: those whom messages are written to."""
    late = viewing.rows(CustomerPosition).filter(entity_id=entity_id, overdue__gt=0).order_by("-overdue")
    wanted = list(dict.fromkeys(late.values_list("customer_id", flat=True)[: 2 * _EXAMPLES]))[:_EXAMPLES]
    if not wanted:
        wanted = list(viewing.facts(Customer).filter(entity_id=entity_id).order_by("name")
                      .values_list("customer_id", flat=True)[:_EXAMPLES])  # fmt: skip
    names = dict(viewing.facts(Customer).filter(customer_id__in=wanted).values_list("customer_id", "name"))
    return [Example(one, names.get(one) or one) for one in wanted]
