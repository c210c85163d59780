"""French for the sentences of engines and connectors: what an issue says, what to do about it, why a call is refused.

They are written in English, the language of the command line and of the store. The TOML files beside this module hold
the French of each, keyed by the English with `{}` where a value stands; a test walks the source and names each sentence
that has none. What is not known here is shown as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import get_language

from encours.web.shell.issue_words.french import french

__all__ = ["french", "said", "said_together"]
#: An amount that an engine wrote, before its currency: thousands are set apart where people read it.
_AMOUNT = re.compile(r"(?<![\w.,-])(\d{4,})(\.\d{2,4})?(?= [A-Z]{3}\b)", re.ASCII)


def said(message: str | None) -> str:
    """A message or an action in the reader's language; nothing for none."""
    if not message:
        return ""
    if (get_language() or "fr").startswith("fr"):
        return french(message)
    return _AMOUNT.sub(lambda found: f"{int(found[1]):,}{found[2] or ''}", message)


def said_why(reason: str) -> str:
    """Why a match is proposed: what supports it, then what speaks against it, in the reader's language."""
    support, but, against = reason.partition("; but ")
    if not but or not (get_language() or "fr").startswith("fr"):
        return said(reason)
    return f"{said(support)}\u202f; mais {said(against)}"


def said_together(faults: Iterable[str]) -> str:
    """Several faults as one sentence: those of a refused call, for a toast."""
    return "; ".join(faults) if (get_language() or "fr").startswith("en") else "\u202f; ".join(map(said, faults))
