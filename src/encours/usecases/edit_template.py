"""Templates as users have them: their own version where there is one, else the shipped one; saved only when sound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Max, Q

from encours.core.base.issue import CallError
from encours.store import audit
from encours.store.models import Entity, MessageTemplate
from encours.usecases import clock, message_template
from encours.usecases.chased_facts import templates_of
from encours.usecases.letters import says
from encours.usecases.message_template import Source
from encours.usecases.rights import Actor, require

ACT = "edit_template"
TONES = ("friendly", "neutral", "firm", "formal")
CHANNELS = ("email", "call", "letter", "registered_letter", "sms")
#: Other names under which scenarios know the same template.
_SAME = {
    "friendly": "reminder_friendly", "firm": "reminder_firm", "letter_penalties": "penalties", "thank_you": "thanks",
    "copy": "copy_wanted", "formal_notice_announcement": "formal_notice",
}  # fmt: skip


def template_of(entity_id: str, code: str, language: str, tone: str = "", channel: str = "email") -> Source:
    """The template in force: the entity's own, that of all entities, the shipped one; in the language, else English.

    A template of the tone asked for goes before one of another tone. Raises CallError where nothing has this code.
    """
    wanted = _SAME.get(code, code)
    own = [row for row in templates_of(entity_id) if row.code in (code, wanted) and row.channel == channel]
    for spoken in dict.fromkeys((language, language.split("-")[0], "en", "fr")):
        if mine := [row for row in own if row.language == spoken]:
            rank = lambda row: (row.entity_id is not None, row.tone == tone, row.version)  # noqa: E731  # one order
            best = max(mine, key=rank)
            return message_template.with_tone(source_of(best), tone or best.tone)
        if found := message_template.shipped(wanted, spoken):
            return message_template.with_tone(found, tone)
    raise CallError([f"there is no template {code!r}"])


def source_of(row: MessageTemplate) -> Source:
    """A stored template as one that can be rendered."""
    shipped = message_template.shipped(_SAME.get(row.code, row.code), "en")
    purpose = shipped.purpose if shipped else "dunning"
    origin = "all" if row.entity_id is None else "own"
    return Source(row.code, row.language, row.subject, row.text, row.html, row.channel, row.tone, purpose, origin)


def check_template(
    code: str, language: str, subject: str, text: str, html: str = "", channel: str = "email"
) -> list[str]:
    """Everything wrong with a template, each with its part and line; empty: it can be saved."""
    return message_template.faults(Source(_SAME.get(code, code), language, subject, text, html, channel))


def save_template(
    actor: Actor,
    code: str,
    language: str,
    subject: str,
    text: str,
    *,
    html: str = "",
    tone: str = "neutral",
    channel: str = "email",
    entity_id: str | None = None,
) -> MessageTemplate:
    """A new version, in force at once; the one before stays to be read. The same words again change nothing.

    For all entities (entity None) only by who administers the installation. Raises NotAllowedError, or CallError with
    every fault and its line.
    """
    require(actor, ACT, entity_id)
    found = _call_faults(actor, code, language, tone, channel, entity_id)
    found += check_template(code, language, subject, text, html, channel)
    if language not in message_template.languages() and _is_english(code, text, channel):
        found.append("this is the English text still: translate it before it is kept")
    if found:
        raise CallError(found)
    words = {"subject": subject.strip(), "text": text.strip("\n"), "html": html.strip()}
    return keep_version(actor, code, language, words, tone, channel, entity_id)


def _is_english(code: str, text: str, channel: str) -> bool:
    found = message_template.shipped(_SAME.get(code, code), "en")
    return found is not None and channel == found.channel and text.split() == found.text.split()


def keep_version(
    actor: Actor, code: str, language: str, words: Mapping[str, str], tone: str, channel: str, entity_id: str | None
) -> MessageTemplate:
    """The words (`subject`, `text`, `html`) as the version in force; those that are in force already change nothing."""
    key = {"entity_id": entity_id, "code": code, "channel": channel, "language": language, "tone": tone}
    with transaction.atomic():
        rows = MessageTemplate.objects.filter(**key)
        last = rows.filter(active=True).order_by("-version").first()
        if last is not None and all(getattr(last, name) == value for name, value in words.items()):
            return last
        rows.update(active=False)
        version = (rows.aggregate(last=Max("version"))["last"] or 0) + 1
        made = MessageTemplate.objects.create(
            **key, **words, version=version, changed_at=clock.now(), changed_by=actor.user
        )
        audit.append(
            clock.now(), actor.name, ACT, entity_id=entity_id or "", subject=_subject(code, language, tone, channel),
            before=None if last is None else {"version": last.version}, after={"version": version, "id": made.pk},
        )  # fmt: skip
    return made


def restore_shipped(
    actor: Actor, code: str, language: str, *, tone: str = "", channel: str = "email", entity_id: str | None = None
) -> int:
    """Takes a user's own versions out of force, so that the shipped words count again; how many were in force.

    `tone`: of this tone alone; none: of all.
    """
    require(actor, ACT, entity_id)
    with transaction.atomic():
        rows = MessageTemplate.objects.filter(
            entity_id=entity_id, code=code, language=language, channel=channel, active=True
        )
        rows = rows.filter(tone=tone) if tone else rows
        count = rows.update(active=False, changed_at=clock.now())
        if count:
            audit.append(
                clock.now(), actor.name, ACT, entity_id=entity_id or "",
                subject=_subject(code, language, tone, channel),
                before={"active": count}, after={"active": 0},
            )  # fmt: skip
    return count


def _subject(code: str, language: str, tone: str, channel: str) -> str:
    """How the audit names a template."""
    parts = ("template", *(["letter"] if channel == "letter" else []), code, language, *([tone] if tone else []))
    return ":".join(parts)


def list_templates(actor: Actor, entity_id: str) -> list[Source]:
    """Every template in force for an entity but its letters (`letter_wording`): own words before shipped ones."""
    require(actor, "see", entity_id)
    rows = MessageTemplate.objects.filter(Q(entity_id=entity_id) | Q(entity=None), active=True).exclude(
        channel__in=("letter", "frame")
    )
    own = {(row.code, row.language, row.tone): source_of(row) for row in rows.order_by("entity_id", "version")}
    shipped = _shipped(message_template.languages())
    covered = {(code, language) for code, language, _ in own}
    rest = [one for one in shipped if (one.code, one.language) not in covered]
    order = {code: place for place, code in enumerate(message_template.codes())}
    return sorted([*own.values(), *rest], key=lambda one: (order.get(one.code, 99), one.code, one.language, one.tone))


def _shipped(languages: Iterable[str]) -> list[Source]:
    found = [message_template.shipped(code, one) for one in languages for code in message_template.codes()]
    return [one for one in found if one is not None]


def language_faults(language: str) -> list[str]:
    """What is wrong with the code of a language."""
    return [] if says.language_of(language) == language else [f"{language!r} is no language: give its two letters"]


def _call_faults(actor: Actor, code: str, language: str, tone: str, channel: str, entity_id: str | None) -> list[str]:
    found = []
    if entity_id is None and not actor.is_superuser:
        found.append("a template for all entities is changed by who administers the installation")
    if entity_id is not None and not Entity.objects.filter(pk=entity_id).exists():
        found.append(f"there is no entity {entity_id!r}")
    if not code or len(code) > 64 or not code.replace("_", "").isalnum():
        found.append("a template's code is letters, digits and underscores")
    found += language_faults(language)
    if tone not in TONES:
        found.append(f"{tone!r} is no tone; choose one of {', '.join(TONES)}")
    if channel not in CHANNELS:
        found.append(f"{channel!r} is no channel; choose one of {', '.join(CHANNELS)}")
    return found
