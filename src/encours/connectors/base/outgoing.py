"""What a channel is: the one contract for everything by which messages leave (mail servers, providers, others)."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, Literal, Protocol

#: sent: the other side took it. retry: it did not, later it may. refused: it never will. uncertain: it was handed over
#: and no answer came back, so that it may have left.
Outcome = Literal["sent", "retry", "refused", "uncertain"]


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message; `inline`: the content id by which its HTML shows it."""

    name: str
    content_type: str
    content: bytes
    inline: str = ""


@dataclass(frozen=True)
class Outgoing:
    """A message as it leaves. Addresses are bare (`name@host`) or `Name <name@host>`; `bcc` stands in no header.

    `message_id` with its angle brackets: the same for every attempt, so that whoever has it twice can see it.
    """

    message_id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str = ""
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: str = ""
    language: str = ""
    attachments: tuple[Attachment, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What the other side said. `refused`: single addresses that it would not take.

    `bad_address`: because they do not exist. `everyone`: the way out failed, whatever the message.
    """

    outcome: Outcome
    detail: str = ""
    provider_id: str = ""
    refused: tuple[str, ...] = ()
    bad_address: bool = False
    everyone: bool = False


class Session(Protocol):
    """An open way out. `send` never raises: whatever happens is an answer."""

    def send(self, message: Outgoing) -> Answer:
        """Hands one message over."""
        ...

    def close(self) -> None:
        """Says goodbye; never raises."""
        ...


@dataclass(frozen=True)
class Channel:
    """A way by which messages leave. `open` takes its settings with every secret already in place.

    `faults`: what is wrong with settings, before anything is opened.
    """

    name: str
    title: str
    open: Callable[[Mapping[str, Any]], Session]
    faults: Callable[[Mapping[str, Any]], list[str]]


@cache
def channels() -> Mapping[str, Channel]:
    """Every channel of the packages beside this module, by name: a folder with `CHANNEL` is one."""
    package = import_module("encours.connectors")
    found: dict[str, Channel] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg:
            channel = getattr(import_module(f"encours.connectors.{module.name}"), "CHANNEL", None)
            if channel is not None:
                found[channel.name] = channel
    return found
