"""OAuth2 access tokens for mailboxes, as Microsoft 365 and Google give them: by refresh token or to an application."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
_GOOGLE = "https://oauth2.googleapis.com/token"
_MICROSOFT_SCOPES = (
    "https://outlook.office.com/SMTP.Send https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
)
#: Applications that send under their own name (client credentials) ask for everything they were granted.
_MICROSOFT_GRANTED = "https://outlook.office365.com/.default"
_EARLY_SECONDS = 300  # a token is renewed before it runs out, not after a server has refused it
_TIMEOUT_SECONDS = 20


class TokenError(Exception):
    """No token was given. `lasting`: asking again will not help, a person must grant access anew."""

    def __init__(self, detail: str, *, lasting: bool) -> None:
        self.lasting = lasting
        super().__init__(detail)


@dataclass(frozen=True)
class Grant:
    """What a token is asked for with. Without a refresh token the application asks in its own name.

    `renewed` is called with a new refresh token where the provider hands one out with the access token.
    """

    token_url: str
    client_id: str
    client_secret: str = ""
    refresh_token: str = ""
    scope: str = ""
    renewed: Callable[[str], None] | None = None


def grant_of(settings: Mapping[str, Any]) -> Grant:
    """The grant that settings describe: provider (microsoft, google, other), tenant, client_id, secrets, token_url."""
    provider = settings.get("provider", "other")
    refresh = str(settings.get("refresh_token", ""))
    url, scope = str(settings.get("token_url", "")), str(settings.get("scope", ""))
    if provider == "microsoft":
        tenant = urllib.parse.quote(str(settings.get("tenant", "common")), safe="")
        url = url or _MICROSOFT.format(tenant=tenant)
        scope = scope or (_MICROSOFT_SCOPES if refresh else _MICROSOFT_GRANTED)
    elif provider == "google":
        url = url or _GOOGLE
    renewed = settings.get("renewed")
    client, secret = str(settings.get("client_id", "")), str(settings.get("client_secret", ""))
    return Grant(url, client, secret, refresh, scope, renewed)


def is_safe_url(url: str) -> bool:
    """Whether secrets may be sent there: over TLS, or to this machine itself."""
    parts = urllib.parse.urlparse(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))


_KNOWN: dict[tuple[str, str, str, str], tuple[str, float]] = {}
_LOCK = threading.Lock()


def access_token(grant: Grant, *, fresh: bool = False) -> str:
    """A token that is good for some minutes more; kept until then, `fresh` asks anew. Raises TokenError."""
    key = (grant.token_url, grant.client_id, grant.refresh_token, grant.scope)
    with _LOCK:
        token, until = _KNOWN.get(key, ("", 0.0))
        if not fresh and token and time.monotonic() < until:
            return token
        answer = _ask(grant)
        token = str(answer.get("access_token", ""))
        if not token:
            raise TokenError("the sign-in service gave no token", lasting=False)
        seconds = float(answer.get("expires_in", 3600))
        _KNOWN[key] = (token, time.monotonic() + max(seconds - _EARLY_SECONDS, seconds / 2))
        renewed = str(answer.get("refresh_token", ""))
        if renewed and renewed != grant.refresh_token and grant.renewed:
            grant.renewed(renewed)
        return token


def _ask(grant: Grant) -> dict[str, Any]:
    if not is_safe_url(grant.token_url):
        raise TokenError(f"secrets are not sent to {grant.token_url}: it is not https", lasting=True)
    form = {"client_id": grant.client_id}
    if grant.refresh_token:
        form |= {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
    else:
        form |= {"grant_type": "client_credentials"}
    if grant.client_secret:
        form["client_secret"] = grant.client_secret
    if grant.scope:
        form["scope"] = grant.scope
    request = urllib.request.Request(grant.token_url, urllib.parse.urlencode(form).encode())
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            return dict(json.loads(answer.read(1_000_000)))
    except urllib.error.HTTPError as error:
        raise _told(error) from None
    except (OSError, ValueError) as error:
        raise TokenError(f"the sign-in service does not answer: {error}", lasting=False) from None


def _told(error: urllib.error.HTTPError) -> TokenError:
    """What the service says is wrong (RFC 6749, 5.2), without anything of the request."""
    try:
        said = json.loads(error.read(100_000))
        code = str(said.get("error", ""))
        text = f"{code}: {said.get('error_description', '')}".strip(": ")
    except (OSError, ValueError, AttributeError):
        code, text = "", f"HTTP {error.code}"
    lasting = code in ("invalid_grant", "invalid_client", "unauthorized_client", "interaction_required")
    return TokenError(f"the sign-in service refused: {text[:300]}", lasting=lasting)


def xoauth2(user: str, token: str) -> str:
    """The SASL XOAUTH2 answer, not yet in base64, as both providers describe it."""
    return "\x01".join(("user=" + user, "auth=Bearer " + token, "", ""))
