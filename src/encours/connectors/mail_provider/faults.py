"""What is wrong with the settings of a provider, before anybody is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from encours.connectors.base.oauth import is_safe_url

#: Provider -> the options that it needs; the first one is the secret.
PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "brevo": ("api_key",),
    "mailersend": ("api_token",),
    "mailgun": ("api_key", "sender_domain"),
    "mailjet": ("secret_key", "api_key"),
    "mandrill": ("api_key",),
    "postmark": ("server_token",),
    "resend": ("api_key",),
    "scaleway": ("secret_key", "project_id"),
    "sendgrid": ("api_key",),
    "sparkpost": ("api_key",),
}
#: Options that may be given beside: another region's address.
_MORE = ("api_url", "region")


def faults(settings: Mapping[str, Any]) -> list[str]:
    """Every fault, as sentences."""
    provider = str(settings.get("provider", ""))
    if provider not in PROVIDERS:
        return [f"the mail provider is one of {', '.join(PROVIDERS)}"]
    options = settings.get("options", {})
    given = {*options, PROVIDERS[provider][0]}  # the secret itself is looked for when mail is sent
    found = [f"the mail provider needs {name}" for name in PROVIDERS[provider] if name not in given]
    if PROVIDERS[provider][0] in options:
        found.append(f"{PROVIDERS[provider][0]} is never stored: name where it lies, env:ENCOURS_MAIL_… or file:name")
    unknown = sorted(set(options) - {*PROVIDERS[provider], *_MORE})
    found += [f"the mail provider has no option {name}" for name in unknown]
    if not is_safe_url(str(options.get("api_url", "https://"))):
        found.append("the address of the mail provider begins with https://")
    return found
