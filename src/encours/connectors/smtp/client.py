"""One connection to a mail server for many messages; what became of each is told apart by how far the talk went."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

from encours.connectors.base.mime import bare, build, dated, recipients
from encours.connectors.base.oauth import TokenError, access_token, grant_of, xoauth2
from encours.connectors.base.outgoing import Answer, Outcome, Outgoing

_TIMEOUT_SECONDS = 60
#: Servers close long connections; so many messages go over one.
_MESSAGES_MAX = 100
_TRANSIENT = range(400, 500)
_GO_AHEAD = 354
#: Enhanced codes by which an address does not exist (RFC 3463), not merely is full or closed to us.
_NO_SUCH = re.compile(r"\b5\.1\.(0|1|2|3|6|10)\b")


class _Plain(smtplib.SMTP):
    """A connection that remembers whether a message's content was handed over, and the server's answer to it."""

    handed_over = False
    said = ""

    def data(self, msg: Any) -> tuple[int, bytes]:
        """The DATA command. From the server's go-ahead on, a lost connection no longer means that nothing left."""
        self.putcmd("data")
        code, answer = self.getreply()
        if code != _GO_AHEAD:
            raise smtplib.SMTPDataError(code, answer)
        self.handed_over = True
        lines = bytes(msg).splitlines()  # a line that begins with a dot gets a second one (RFC 5321, 4.5.2)
        self.send(b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n")
        code, answer = self.getreply()
        self.handed_over = False
        self.said = answer.decode("utf-8", errors="replace")
        return code, answer


class _Tls(_Plain, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


class _Backend(EmailBackend):
    """Django's mail backend, watched, and able to sign in with a token."""

    token_user = ""
    token = ""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Tls if self.use_ssl else _Plain

    def open(self) -> bool | None:
        opened: bool | None = super().open()
        if opened and self.token_user and self.connection is not None:
            try:
                self.connection.ehlo_or_helo_if_needed()  # a server that was not greeted would only say 503
                self.connection.auth("XOAUTH2", self._xoauth2)
            except smtplib.SMTPException:
                self.close()
                raise
        return opened

    def _xoauth2(self, challenge: bytes | None = None) -> str:
        # A challenge is the server's explanation of a refusal: it wants an empty line before it says 535.
        return xoauth2(self.token_user, self.token) if challenge is None else ""


class SmtpSession:
    """See `outgoing.Session`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._backend: _Backend | None = None
        self._sent = 0

    def send(self, message: Outgoing) -> Answer:
        """Hands one message over; a connection that has gone is opened anew before, never after its content left."""
        try:
            content = dated(build(message), datetime.now(UTC)).as_bytes()  # noqa: TID251  # the header's own stamp
            people = recipients(message)
        except ValueError as error:
            return Answer("refused", str(error))
        opened = self._ready()
        if opened is not None:
            return opened
        assert self._backend is not None
        return self._hand_over(self._backend.connection, bare(message.sender), people, content)

    def close(self) -> None:
        """Ends the talk."""
        if self._backend is not None:
            self._backend.fail_silently = True
            self._backend.close()
        self._backend, self._sent = None, 0

    def _ready(self) -> Answer | None:
        """An open connection, or why there is none."""
        if self._backend is not None and (self._sent >= _MESSAGES_MAX or not self._alive()):
            self.close()
        if self._backend is not None:
            return None
        fresh = False
        while True:
            try:
                backend = _opened(self._settings, fresh=fresh)
            except TokenError as error:
                return Answer("retry", str(error), everyone=True)
            except smtplib.SMTPAuthenticationError as error:
                if self._settings.get("auth") == "oauth2" and not fresh:
                    fresh = True  # a token that was withdrawn before its time: once with a new one
                    continue
                return Answer("retry", _said(error.smtp_code, error.smtp_error), everyone=True)
            except smtplib.SMTPResponseException as error:
                return Answer("retry", _said(error.smtp_code, error.smtp_error), everyone=True)
            except (TimeoutError, OSError, smtplib.SMTPException) as error:
                return Answer("retry", f"the mail server cannot be reached: {error}", everyone=True)
            self._backend = backend
            return None

    def _alive(self) -> bool:
        if self._sent == 0:
            return True
        try:
            connection = self._backend.connection if self._backend else None
            return connection is not None and connection.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _hand_over(self, connection: Any, sender: str, people: list[str], content: bytes) -> Answer:
        self._sent += 1
        try:
            refused = connection.sendmail(sender, people, content)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            outcome: Outcome = "retry" if any(code in _TRANSIENT for code in codes) else "refused"
            detail = "; ".join(f"{who}: {_said(*what)}" for who, what in error.recipients.items())
            people = [] if outcome == "retry" else list(error.recipients)
            return Answer(outcome, detail, refused=tuple(people), bad_address=bool(_NO_SUCH.search(detail)))
        except smtplib.SMTPResponseException as error:
            connection.handed_over = False
            return Answer(
                "retry" if error.smtp_code in _TRANSIENT else "refused", _said(error.smtp_code, error.smtp_error)
            )
        except (OSError, smtplib.SMTPException) as error:
            handed_over = connection.handed_over
            self.close()
            if handed_over:
                return Answer("uncertain", f"the connection broke before the server answered: {error}")
            return Answer("retry", f"the connection broke: {error}", everyone=True)
        gone = {who: _said(*what) for who, what in refused.items()}
        detail = "; ".join(f"{who}: {what}" for who, what in gone.items())
        wrong = bool(gone) and all(_NO_SUCH.search(what) for what in gone.values())
        return Answer("sent", detail, connection.said[:255], tuple(gone), wrong)


def open_session(settings: Mapping[str, Any]) -> SmtpSession:
    """A session; the connection is made with the first message."""
    return SmtpSession(settings)


def _opened(settings: Mapping[str, Any], *, fresh: bool) -> _Backend:
    """A connection that is signed in; one that the server does not take is closed at once, not when it is forgotten."""
    backend = _backend(settings, fresh=fresh)
    try:
        backend.open()
    except (OSError, smtplib.SMTPException):
        backend.fail_silently = True
        backend.close()
        raise
    return backend


def _backend(settings: Mapping[str, Any], *, fresh: bool) -> _Backend:
    security, auth = settings.get("security", "starttls"), settings.get("auth", "password")
    backend = _Backend(
        host=settings["host"],
        port=settings.get("port", 587),
        username=settings["user"] if auth == "password" else "",
        password=settings.get("password", "") if auth == "password" else "",
        use_tls=security == "starttls",
        use_ssl=security == "tls",
        timeout=settings.get("timeout", _TIMEOUT_SECONDS),
        fail_silently=False,
    )
    if auth == "oauth2":
        backend.token_user, backend.token = settings["user"], access_token(grant_of(settings), fresh=fresh)
    return backend


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", errors="replace") if isinstance(text, bytes) else text
    return f"{code} {words}"[:500]
