"""What mail needs to know, as a person reads and types it; secrets are named, never typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from encours.usecases.mail_settings import providers
from encours.usecases.show_settings import SettingRow

#: Fields of each setting; numbers are read as such.
_OAUTH = ("provider", "tenant", "client_id", "client_secret", "refresh_token", "token_url", "scope")
SERVER = ("host", "port", "security", "auth", "user", "secret", *_OAUTH)
MAILBOX = ("host", "port", "security", "auth", "user", "secret", "bounces", "sent", *_OAUTH)
#: What has no field of its own on the page and is sent back as it was.
_KEPT = ("timeout",)
#: Settings of a provider; the secret is named, never typed.
_VIA = ("provider", "secret")
_OPTIONS = ("api_key", "sender_domain", "project_id", "region", "api_url")
_ANY = ("region", "api_url")
SENDER = ("address", "name", "phone", "reply_to", "team", "copy_to")
_WEEKDAYS = (
    (1, _("Monday")), (2, _("Tuesday")), (3, _("Wednesday")), (4, _("Thursday")), (5, _("Friday")), (6, _("Saturday")),
    (7, _("Sunday")),
)  # fmt: skip
_PROVIDER = "mail_provider"
_DEFAULTS = {"security": "starttls", "auth": "password", "port": 587}


def shown(rows: Sequence[SettingRow]) -> dict[str, Any]:
    """The settings in fields. Mail leaves through a server or through a provider: the fields of both stand there."""
    value = {row.key: row.value for row in rows}
    foreign = value["mail.channel"].get("channel", "smtp") != "smtp"
    return {
        "server": _DEFAULTS | ({} if foreign else value["mail.channel"]),
        "via": value["mail.channel"] if foreign else {},
        "providers": sorted(providers()),
        "weekdays": _WEEKDAYS,
        "mailbox": {"security": "tls", "auth": "password", "port": 993} | value["mail.mailbox"],
        "sender": value["mail.sender"],
        "per_minute": value["mail.per_minute"],
        "window": value["mail.window"],
        "attach": value["mail.attach"],
        "securities": ("starttls", "tls", "none"),
        "signs": ("password", "oauth2", "none"),
        "own_address": value["mail.own_address"],
        "kept": [
            (f"{part}:{name}", given[name])
            for part, given in (("server", value["mail.channel"]), ("mailbox", value["mail.mailbox"]))
            for name in _KEPT
            if name in given
        ],
        "foreign": foreign,
    }


def typed(form: QueryDict) -> dict[str, Any]:
    """The values that the form sends. Raises ValueError for what is no number."""
    found: dict[str, Any] = {
        "mail.sender": {name: text for name in SENDER if (text := form.get(f"sender:{name}", "").strip())},
        "mail.own_address": form.get("own_address", "").strip(),
        "mail.mailbox": _mailbox(form),
        "mail.per_minute": int(form.get("per_minute", "")),
        "mail.window": {
            "weekdays": sorted({int(day) for day in form.getlist("weekday")}), "from": form.get("from", ""),
            "to": form.get("to", ""),
        },
        "mail.attach": {
            "statement": form.get("statement") == "on", "copies": form.get("copies", "none"),
            "megabytes": int(form.get("megabytes", "")),
        },
    }  # fmt: skip
    if form.get("way") == _PROVIDER:
        found["mail.channel"] = _provider(form)
    elif "server:host" in form:
        found["mail.channel"] = _fields(form, "server", (*SERVER, *_KEPT))
    return found


def _provider(form: QueryDict) -> dict[str, Any]:
    """A provider's fields. Of its options those that it has; what the page does not show is kept as it was."""
    texts = {name: text for name in (*_VIA, *_OPTIONS) if (text := form.get(f"via:{name}", "").strip())}
    needed = providers().get(texts.get("provider", ""), ())
    options = {name: texts[name] for name in _OPTIONS if name in texts and (name in needed[1:] or name in _ANY)}
    made: dict[str, Any] = {"channel": _PROVIDER, **{name: texts[name] for name in _VIA if name in texts}}
    if timeout := form.get("server:timeout", "").strip():
        made["timeout"] = int(timeout)
    return made | ({"options": options} if options else {})


def _mailbox(form: QueryDict) -> dict[str, Any]:
    found = _fields(form, "mailbox", (*MAILBOX, *_KEPT))
    return found | ({"sent_is_complete": True} if found and form.get("sent_is_complete") == "on" else {})


def _fields(form: QueryDict, part: str, names: Sequence[str]) -> dict[str, Any]:
    """A server's fields that are filled in; without a host there is none."""
    texts = {name: text for name in names if (text := form.get(f"{part}:{name}", "").strip())}
    if "host" not in texts:
        return {}
    return texts | {name: int(texts[name]) for name in ("port", "timeout") if name in texts}
