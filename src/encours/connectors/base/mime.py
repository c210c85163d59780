"""A message as the bytes of an e-mail: text and HTML as alternatives, pictures beside the HTML, files after it."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from encours.connectors.base.outgoing import Attachment, Outgoing

_LINE = re.compile(r"[\r\n\x00-\x1f\x7f]+")
#: One mailbox at one host, no routes, no comments: what RFC 5321 takes without quoting.
_BARE = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"/]{1,253}")


def bare(address: str) -> str:
    """`name@host` of an address, "" where it is none; the host in the form that servers know (IDNA)."""
    if _LINE.search(address):
        return ""
    found = parseaddr(address)[1].strip()
    if not _BARE.fullmatch(found) or ".." in found:
        return ""
    name, host = found.rsplit("@", 1)
    try:
        return f"{name}@{host.encode('idna').decode()}"
    except UnicodeError:
        return ""


def one_line(text: str) -> str:
    """A header's text: whatever would begin a new header becomes a blank."""
    return _LINE.sub(" ", text).strip()


def build(message: Outgoing) -> EmailMessage:
    """The e-mail. Raises ValueError for an address that is none."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(message.sender)
    mail["To"] = [_address(one) for one in message.to]
    if message.cc:
        mail["Cc"] = [_address(one) for one in message.cc]
    if message.reply_to:
        mail["Reply-To"] = _address(message.reply_to)
    mail["Subject"] = one_line(message.subject)
    mail["Message-ID"] = message.message_id
    for name, value in message.headers.items():
        mail[name] = one_line(value)
    mail.set_content(message.text, cte="quoted-printable")
    if message.html:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
        html = mail.get_payload()[1]  # type: ignore[index]  # two alternatives were just set
        for picture in message.attachments:
            if picture.inline:
                html.add_related(  # type: ignore[union-attr]  # see above
                    picture.content, *_kind(picture), cid=f"<{picture.inline}>", filename=picture.name,
                    disposition="inline",
                )  # fmt: skip
    for file in message.attachments:
        if not file.inline:
            mail.add_attachment(file.content, *_kind(file), filename=one_line(file.name))
    if message.language:  # last: what begins with Content- goes into the first part when there are several
        mail["Content-Language"] = one_line(message.language)
    return mail


def dated(mail: EmailMessage, at: object) -> EmailMessage:
    """The e-mail with its date."""
    mail["Date"] = format_datetime(at)  # type: ignore[arg-type]  # a datetime, as the caller's clock gives it
    return mail


def recipients(message: Outgoing) -> list[str]:
    """Bare addresses of everybody who gets it, each once. Raises ValueError for one that is none."""
    found = []
    for one in (*message.to, *message.cc, *message.bcc):
        address = bare(one)
        if not address:
            raise ValueError(f"{one!r} is no e-mail address")
        if address not in found:
            found.append(address)
    return found


def _address(text: str) -> Address:
    address = bare(text)
    if not address:
        raise ValueError(f"{text!r} is no e-mail address")
    name, host = address.rsplit("@", 1)
    return Address(one_line(parseaddr(text)[0]), name, host)


def _kind(file: Attachment) -> tuple[str, str]:
    main, _, sub = file.content_type.partition("/")
    known = main and sub and main not in ("text", "multipart", "message")
    return (main, sub) if known else ("application", "octet-stream")
