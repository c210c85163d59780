"""Mail through a provider's own interface (Mailgun, Postmark, SendGrid, Brevo, Mailjet…), by django-anymail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from encours.connectors.base.outgoing import Channel, Session
from encours.connectors.mail_provider.faults import faults


def _open(settings: Mapping[str, Any]) -> Session:
    from encours.connectors.mail_provider.client import open_session

    return open_session(settings)


CHANNEL = Channel("mail_provider", "Mail provider", _open, faults)
