"""What mail needs to know of an entity: the way out, the mailbox, who writes and at what pace; and its faults.

Secrets are never stored: a setting only names where one lies, `env:ENCOURS_MAIL_…` (a variable of the environment) or
`file:name` (a file of the secrets folder, ENCOURS_SECRETS, default `secrets` in the data folder).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from encours.connectors.base.mime import bare
from encours.connectors.base.outgoing import channels
from encours.connectors.imap import client as imap
from encours.connectors.mail_provider.faults import PROVIDERS
from encours.core.base.issue import CallError

_PLACE = re.compile(r"env:ENCOURS_MAIL_[A-Z0-9_]{1,64}|file:[A-Za-z0-9_-][A-Za-z0-9._-]{0,80}")
_SECRETS = ("secret", "client_secret", "refresh_token")
_CHANNEL_KEYS = frozenset(
    {
        "channel", "host", "port", "security", "auth", "user", "secret", "provider", "tenant", "client_id",
        "client_secret", "refresh_token", "token_url", "scope", "options", "timeout",
    }
)  # fmt: skip
_MAILBOX_KEYS = (_CHANNEL_KEYS - {"channel", "options"}) | {"bounces", "sent", "sent_is_complete"}
_SENDER_KEYS = frozenset({"address", "name", "phone", "reply_to", "team", "copy_to"})
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_PACE_MAX = 6_000


def channel_fault(value: Any) -> str | None:
    """What is wrong with `mail.channel`; {} is none set."""
    if value == {}:
        return None
    if not isinstance(value, dict) or set(value) - _CHANNEL_KEYS:
        return f"give some of {', '.join(sorted(_CHANNEL_KEYS))}"
    known = channels()
    if value.get("channel", "smtp") not in known:
        return f"choose one of {', '.join(sorted(known))}"
    found = known[value.get("channel", "smtp")].faults(value) + _secret_faults(value)
    return "; ".join(found) or None


def providers() -> Mapping[str, tuple[str, ...]]:
    """Provider of mail -> the options that it needs; the first is its secret, of which only the place is kept."""
    return PROVIDERS


def mailbox_fault(value: Any) -> str | None:
    """What is wrong with `mail.mailbox`; {} is none set."""
    if value == {}:
        return None
    if not isinstance(value, dict) or set(value) - _MAILBOX_KEYS:
        return f"give some of {', '.join(sorted(_MAILBOX_KEYS))}"
    return "; ".join(imap.faults(value) + _secret_faults(value)) or None


def mail_sender_fault(value: Any) -> str | None:
    """What is wrong with `mail.sender`: address, name, phone, reply_to (collector or team), team, copy_to."""
    if not isinstance(value, dict) or set(value) - _SENDER_KEYS:
        return f"give some of {', '.join(sorted(_SENDER_KEYS))}"
    if not all(isinstance(part, str) and len(part) <= 190 for part in value.values()):
        return "a text is too long"
    for name in ("address", "team", "copy_to"):
        if value.get(name) and not bare(value[name]):
            return f"{value[name]} is no e-mail address"
    if value.get("reply_to", "collector") not in ("collector", "team"):
        return "choose one of collector, team"
    return "give the team's mailbox" if value.get("reply_to") == "team" and not value.get("team") else None


def pace_fault(value: Any) -> str | None:
    """What is wrong with `mail.per_minute`."""
    good = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _PACE_MAX
    return None if good else f"give a number of messages a minute from 1 to {_PACE_MAX}"


def window_fault(value: Any) -> str | None:
    """What is wrong with `mail.window`: weekdays (1 Monday to 7 Sunday), from and to (HH:MM)."""
    good = (
        isinstance(value, dict)
        and set(value) == {"weekdays", "from", "to"}
        and isinstance(value["weekdays"], list)
        and bool(value["weekdays"])
        and set(value["weekdays"]) <= set(range(1, 8))
        and all(isinstance(value[name], str) and _HOUR.fullmatch(value[name]) for name in ("from", "to"))
        and value["from"] < value["to"]
    )
    return None if good else "give weekdays from 1 to 7, and hours from and to as HH:MM"


def attach_fault(value: Any) -> str | None:
    """What is wrong with `mail.attach`: statement (yes or no), copies (none, files, zip), megabytes."""
    good = (
        isinstance(value, dict)
        and set(value) == {"statement", "copies", "megabytes"}
        and isinstance(value["statement"], bool)
        and value["copies"] in ("none", "files", "zip")
        and isinstance(value["megabytes"], int)
        and 1 <= value["megabytes"] <= 50
    )
    return None if good else "give statement (true or false), copies (none, files, zip) and megabytes from 1 to 50"


def yes_no_fault(value: Any) -> str | None:
    """What is wrong with a yes or no."""
    return None if isinstance(value, bool) else "give true or false"


def _secret_faults(value: Mapping[str, Any]) -> list[str]:
    found = []
    for name in _SECRETS:
        place = value.get(name)
        if place and not (isinstance(place, str) and _PLACE.fullmatch(place)):
            found.append(f"{name} is never stored: name where it lies, env:ENCOURS_MAIL_… or file:name")
    return found


def with_secrets(value: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a channel or mailbox with every secret in its place. Raises CallError naming those not found."""
    made = dict(value)
    missing = []
    for name in _SECRETS:
        if place := value.get(name):
            secret = _read(str(place))
            if secret is None:
                missing.append(f"the secret {place} is not there")
            made[name] = secret or ""
    if missing:
        raise CallError(missing)
    made["password"] = made.get("secret", "")
    place = str(value.get("refresh_token", ""))
    if place.startswith("file:"):  # a provider may hand a new one out with each token: the old one then runs out
        made["renewed"] = lambda token: _keep(place, token)
    return made


def _path(place: str) -> Path:
    folder = Path(os.environ.get("ENCOURS_SECRETS", "") or Path(settings.HOME) / "secrets")
    return folder / place.removeprefix("file:")


def _read(place: str) -> str | None:
    if not _PLACE.fullmatch(place):
        return None
    if place.startswith("env:"):
        return os.environ.get(place.removeprefix("env:"))
    try:
        return _path(place).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _keep(place: str, secret: str) -> None:
    path = _path(place)
    part = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secret)
        part.replace(path)
    except OSError:
        return  # a folder that only the administrator writes: the old token serves until it runs out
