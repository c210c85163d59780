"""What is wrong with the settings of a mail server, before anybody is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from encours.connectors.base.oauth import grant_of, is_safe_url

SECURITY = ("starttls", "tls", "none")
AUTH = ("none", "password", "oauth2")
_LOCAL = ("127.0.0.1", "::1", "localhost")


def faults(settings: Mapping[str, Any]) -> list[str]:
    """Every fault, as sentences."""
    found = []
    host, port = settings.get("host"), settings.get("port", 587)
    if not isinstance(host, str) or not host or any(sign.isspace() or sign in "/@" for sign in host):
        found.append("the mail server needs a host name")
    if not isinstance(port, int) or not 0 < port < 65536:
        found.append("the port of the mail server is a number from 1 to 65535")
    security, auth = settings.get("security", "starttls"), settings.get("auth", "password")
    if security not in SECURITY:
        found.append(f"the security of the connection is one of {', '.join(SECURITY)}")
    if auth not in AUTH:
        found.append(f"signing in is one of {', '.join(AUTH)}")
    if auth != "none" and not settings.get("user"):
        found.append("signing in to the mail server needs a user")
    if auth != "none" and security == "none" and host not in _LOCAL:
        found.append("a password or token is never sent over an open connection: choose starttls or tls")
    if auth == "oauth2":
        grant = grant_of(settings)
        if not grant.client_id:
            found.append("OAuth2 needs a client id")
        if not is_safe_url(grant.token_url):
            found.append("OAuth2 needs a provider (microsoft, google) or a token address that begins with https://")
    return found
