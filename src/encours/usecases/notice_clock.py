"""When the hours of a notice to sales begin: as its message leaves, not as it is written."""

from __future__ import annotations

from datetime import datetime

from encours.store.models import Message, StepNotice
from encours.usecases import clock
from encours.usecases.manage_settings import setting

#: The message of a notice bears it where the message of a customer bears its action.
_BEARS = "notice:"
_LOST = (Message.State.CANCELLED, Message.State.FAILED, Message.State.BOUNCED)
_WAITS = (Message.State.QUEUED, Message.State.SENDING, Message.State.UNCERTAIN)


def borne_by(notice: StepNotice) -> str:
    """What the message of a notice bears as its action."""
    return f"{_BEARS}{notice.pk}"


def begin(message: Message, at: datetime) -> None:
    """The message of a notice left: its hours count from now on."""
    if message.purpose == "notice" and (message.action_id or "").startswith(_BEARS):
        notice = StepNotice.objects.filter(pk=(message.action_id or "").removeprefix(_BEARS), answer="")
        notice.update(asked_at=at)


def unheard(entity_id: str) -> tuple[set[int], set[int]]:
    """Notices without an answer whose message still waits, and those whose message never came anywhere.

    Where an entity writes no e-mails at all (no way out is set, and it is no test), its notices stand on the page of
    the sales owner alone, and none waits.
    """
    notices = StepNotice.objects.filter(entity_id=entity_id, answer="").values_list("pk", flat=True)
    by_key = {f"{_BEARS}{pk}": pk for pk in notices}
    rows = Message.objects.filter(entity_id=entity_id, purpose="notice", action_id__startswith=_BEARS)
    states: dict[int, set[str]] = {}
    for key, state in rows.values_list("action_id", "state"):
        if key in by_key:
            states.setdefault(by_key[key], set()).add(state)
    day = clock.today()
    silent = not setting("mail.test_mode", entity_id, day) and not setting("mail.channel", entity_id, day)
    waiting = set() if silent else {pk for pk, seen in states.items() if seen & set(_WAITS)}
    return waiting, {pk for pk, seen in states.items() if seen <= set(_LOST)}


def called_off(entity_id: str) -> set[int]:
    """Notices whose message was taken back before it left: the same may be given again at once."""
    rows = Message.objects.filter(entity_id=entity_id, purpose="notice", action_id__startswith=_BEARS)
    keys = rows.filter(state=Message.State.CANCELLED).values_list("action_id", flat=True)
    return {int(str(key).removeprefix(_BEARS)) for key in keys}


def wait_on(entity_id: str) -> None:
    """The hours of notices that have not left begin again: nobody has lost time to object to what nobody has read."""
    waiting, _ = unheard(entity_id)
    StepNotice.objects.filter(pk__in=waiting, answer="").update(asked_at=clock.now())
