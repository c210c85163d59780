"""Messages handed to a provider by django-anymail, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from typing import Any

import requests
from anymail.exceptions import (  # type: ignore[import-untyped]  # it ships no types
    AnymailError,
    AnymailRecipientsRefused,
)
from django.core.mail import EmailMultiAlternatives, get_connection

from encours.connectors.base.mime import bare, one_line, recipients
from encours.connectors.base.outgoing import Answer, Outgoing
from encours.connectors.mail_provider.faults import PROVIDERS

_TIMEOUT_SECONDS = 60
_TOO_MANY, _SERVER_FAULT = 429, 500
#: What a provider's gateway says when the provider itself may have taken the message.
_GATEWAY = (502, 504)
#: How the layers below say that no connection was made, so that nothing can have left.
_NEVER = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "Connection refused")


class ProviderSession:
    """See `outgoing.Session`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        provider = settings["provider"]
        options = {PROVIDERS[provider][0]: settings.get("secret", ""), **settings.get("options", {})}
        self._connection: Any = get_connection(
            f"anymail.backends.{provider}.EmailBackend",
            timeout=settings.get("timeout", _TIMEOUT_SECONDS),
            ignore_unsupported_features=True,
            **options,
        )

    def send(self, message: Outgoing) -> Answer:
        """Hands one message over."""
        try:
            recipients(message)
            mail = _mail(message, self._connection)
            self._connection.open()
            mail.send()
        except AnymailRecipientsRefused as error:
            return Answer("refused", _short(error))
        except requests.RequestException as error:
            return _of_request(error)
        except (AnymailError, ValueError) as error:
            return Answer("refused", _short(error))
        except OSError as error:
            return Answer("retry", _short(error))
        status = mail.anymail_status  # type: ignore[attr-defined]  # anymail sets it
        found = status.message_id
        number = found if isinstance(found, str) else ",".join(sorted(filter(None, found or ())))
        bad = tuple(
            address for address, one in status.recipients.items() if one.status in ("invalid", "rejected", "failed")
        )
        return Answer("sent", ",".join(sorted(status.status or ())), number[:255], bad)

    def close(self) -> None:
        """Ends the talk."""
        self._connection.fail_silently = True
        self._connection.close()


def open_session(settings: Mapping[str, Any]) -> ProviderSession:
    """A session with a provider."""
    return ProviderSession(settings)


def _mail(message: Outgoing, connection: Any) -> EmailMultiAlternatives:
    headers = {"Message-ID": message.message_id, **{k: one_line(v) for k, v in message.headers.items()}}
    mail = EmailMultiAlternatives(
        one_line(message.subject),
        message.text,
        message.sender,
        list(message.to),
        bcc=[bare(one) for one in message.bcc],
        cc=list(message.cc),
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=headers,
        connection=connection,
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for file in message.attachments:
        if file.inline:
            part: MIMEBase = MIMEImage(file.content, file.content_type.partition("/")[2])
            part["Content-ID"] = f"<{file.inline}>"
            part.add_header("Content-Disposition", "inline", filename=file.name)
            mail.attach(part)
        else:
            mail.attach(one_line(file.name), file.content, file.content_type)
    return mail


def _of_request(error: requests.RequestException) -> Answer:
    """A call that failed: before it arrived, by the provider's own word, or with nobody knowing."""
    code = None if error.response is None else error.response.status_code
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return Answer("retry", _short(error), everyone=True)
    if code is None or code in _GATEWAY:
        return Answer("uncertain", f"the provider's answer never came: {_short(error)}")
    if code == _TOO_MANY or code >= _SERVER_FAULT or code in (401, 403):
        # Too fast, a fault of theirs, or a key that a person must mend: nothing that this message could help.
        return Answer("retry", _short(error), everyone=True)
    return Answer("refused", _short(error))


def _never_connected(error: requests.RequestException) -> bool:
    text = repr(error.__cause__ or error)
    return isinstance(error, requests.ConnectionError) and any(sign in text for sign in _NEVER)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
