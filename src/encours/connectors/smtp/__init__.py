"""Mail over SMTP, with a password or OAuth2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from encours.connectors.base.outgoing import Channel, Session
from encours.connectors.smtp.faults import faults


def _open(settings: Mapping[str, Any]) -> Session:
    from encours.connectors.smtp.client import open_session  # Django mail is loaded where mail is sent, nowhere else

    return open_session(settings)


CHANNEL = Channel("smtp", "SMTP", _open, faults)
