"""A mailbox over IMAP: new messages since the last look, and whether a message of ours lies in a folder."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import ImapToolsError

from encours.connectors.base.oauth import TokenError, access_token, grant_of, is_safe_url

_TIMEOUT_SECONDS = 30
_SIZE_MAX = 2_000_000  # of one message: a bounce is small, whoever returns a whole archive is read in part
_MESSAGE_ID = re.compile(r"<[^<>\s\"\\]{1,250}>")


class MailboxError(Exception):
    """The mailbox cannot be read: not reached, not let in, or no such folder."""


@dataclass(frozen=True)
class Letter:
    """A message of the mailbox: its number in the folder and its bytes."""

    uid: int
    content: bytes


@dataclass(frozen=True)
class News:
    """What is new in a folder. `validity`: where it changed, the numbers begin anew."""

    validity: int
    last_uid: int
    letters: tuple[Letter, ...]


class Mailbox:
    """An open mailbox; build it with `open_mailbox`."""

    def __init__(self, box: BaseMailBox) -> None:
        self._box = box

    def news(self, folder: str, validity: int | None, last_uid: int, limit: int = 500) -> News:
        """Messages after `last_uid`, oldest first, at most `limit`; all of them where the folder's numbers began anew.

        Nothing is marked as read, nothing moved or deleted. Raises MailboxError.
        """
        with _told():
            now = self._open(folder)
            after = last_uid if validity == now else 0
            found = sorted(uid for text in self._box.uids(f"UID {after + 1}:*") if (uid := int(text)) > after)
            letters = tuple(Letter(uid, self._fetch(uid)) for uid in found[:limit])
            return News(now, letters[-1].uid if letters else after, letters)

    def holds(self, folder: str, message_id: str) -> bool:
        """Whether a message with this Message-ID lies in the folder. Raises MailboxError."""
        if not _MESSAGE_ID.fullmatch(message_id):
            return False
        with _told():
            self._open(folder)
            return bool(self._box.uids(f'HEADER Message-ID "{message_id}"'))

    def folders(self) -> list[str]:
        """Names of the folders. Raises MailboxError."""
        with _told():
            return [info.name for info in self._box.folder.list()]

    def sent_folder(self) -> str:
        r"""The folder that the server itself marks as the one of what was sent (\Sent); "" where it marks none."""
        with _told():
            marked = [info.name for info in self._box.folder.list() if "\\Sent" in info.flags]
            return marked[0] if marked else ""

    def keep(self, folder: str, content: bytes) -> None:
        """Lays a message into a folder, as read. Raises MailboxError."""
        with _told():
            if not self._box.folder.exists(folder):
                self._box.folder.create(folder)
            self._box.append(content, folder, flag_set=[MailMessageFlags.SEEN])

    def close(self) -> None:
        """Says goodbye; never raises."""
        with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
            self._box.logout()

    def _open(self, folder: str) -> int:
        self._box.folder.set(folder, readonly=True)
        _, data = self._box.client.response("UIDVALIDITY")
        return int(data[0]) if data and data[0] else 0

    def _fetch(self, uid: int) -> bytes:
        _, parts = self._box.client.uid("fetch", str(uid), f"(BODY.PEEK[]<0.{_SIZE_MAX}>)")
        return next((bytes(part[1]) for part in parts if isinstance(part, tuple)), b"")


def faults(settings: Mapping[str, Any]) -> list[str]:
    """What is wrong with a mailbox's settings, as sentences."""
    found = []
    if not isinstance(settings.get("host"), str) or not settings["host"]:
        found.append("the mailbox needs a host name")
    if not isinstance(settings.get("port", 993), int):
        found.append("the port of the mailbox is a number from 1 to 65535")
    if settings.get("security", "tls") not in ("starttls", "tls", "none"):
        found.append("the security of the connection is one of starttls, tls, none")
    if settings.get("auth", "password") not in ("password", "oauth2"):
        found.append("signing in to the mailbox is one of password, oauth2")
    if settings.get("auth") == "oauth2":
        if not settings.get("client_id"):
            found.append("OAuth2 needs a client id")
        if not is_safe_url(grant_of(settings).token_url):
            found.append("OAuth2 needs a provider (microsoft, google) or a token address that begins with https://")
    if not settings.get("user"):
        found.append("signing in to the mailbox needs a user")
    if settings.get("security") == "none" and settings.get("host") not in ("127.0.0.1", "::1", "localhost"):
        found.append("a password or token is never sent over an open connection: choose starttls or tls")
    return found


@contextmanager
def open_mailbox(settings: Mapping[str, Any]) -> Iterator[Mailbox]:
    """An open mailbox, closed with the block; settings as in `faults`, secrets in place. Raises MailboxError."""
    with _told():
        box = _connected(settings)
        try:
            _sign_in(box, settings)
        except BaseException:
            Mailbox(box).close()
            raise
    mailbox = Mailbox(box)
    try:
        yield mailbox
    finally:
        mailbox.close()


def _connected(settings: Mapping[str, Any]) -> BaseMailBox:
    host, security = settings["host"], settings.get("security", "tls")
    timeout = settings.get("timeout", _TIMEOUT_SECONDS)
    if security == "none":
        return MailBoxUnencrypted(host, settings.get("port", 143), timeout=timeout)
    context = ssl.create_default_context()
    if security == "starttls":
        return MailBoxStartTls(host, settings.get("port", 143), timeout=timeout, ssl_context=context)
    return MailBox(host, settings.get("port", 993), timeout=timeout, ssl_context=context)


def _sign_in(box: BaseMailBox, settings: Mapping[str, Any]) -> None:
    if settings.get("auth", "password") == "oauth2":
        box.xoauth2(settings["user"], access_token(grant_of(settings)), initial_folder=None)
    else:
        box.login(settings["user"], settings.get("password", ""), initial_folder=None)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (OSError, imaplib.IMAP4.error, ImapToolsError, TokenError) as error:
        raise MailboxError(" ".join(str(error).split())[:300]) from error
