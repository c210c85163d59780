"""What a contact refuses: one written form, and one reader of it for every place that asks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

import polars as pl

#: Channels that a contact may refuse. What the law asks for (a formal notice by registered letter) is not refused.
CHANNELS = ("email", "sms", "call", "voice", "letter")
#: Words of ledgers and people for each channel, without accents and in lower case; a number is called in both ways.
_NAMES = {
    "email": ("email", "emails", "mail", "mails", "mailing", "courriel", "courriels"),
    "sms": ("sms", "texto", "textos"),
    "call": ("call", "calls", "phone", "telephone", "tel", "appel", "appels", "appeler"),
    "voice": ("voice", "vocal", "phone", "telephone", "tel", "appel", "appels", "appeler"),
    "letter": ("letter", "letters", "lettre", "lettres", "courrier", "courriers", "post", "postal"),
}
_KNOWN = frozenset(word for words in _NAMES.values() for word in words)
_ALL = frozenset([
    "all", "tout", "tous", "toutes", "true", "vrai", "oui", "yes", "y", "o", "x", "1", "ja", "si", "stop", "optout",
    "desinscrit", "desabonne", "unsubscribed", "rgpd", "gdpr", "contacter", "relancer",
])  # fmt: skip

_NONE = frozenset(["no", "non", "none", "n", "0", "false", "faux", "nein", "aucun", "aucune", "neant", "rien"])
#: Words that say nothing of their own beside a channel's name.
_FILL = frozenset([
    "no", "non", "not", "pas", "plus", "de", "d", "des", "du", "le", "la", "les", "l", "par", "by", "via", "et", "and",
    "ou", "or", "ni", "ne", "do", "want", "veut", "with", "the", "any", "more",
])  # fmt: skip


def refused(told: str | None) -> tuple[str, ...]:
    """The channels of CHANNELS that a contact's opt-out refuses.

    A yes in whatever form ("oui", "X", "true", "all") refuses them all, names refuse those, a no refuses none. What
    cannot be read refuses them all: who asked for something is not written to by mistake.
    """
    return _read(told or "")[0]


def unreadable(told: str | None) -> bool:
    """Whether an opt-out says something that `refused` had to guess."""
    return not _read(told or "")[1]


def written(channels: Iterable[str]) -> str | None:
    """The one written form: names in the order of CHANNELS with a space between; None where nothing is refused."""
    named = set(channels)
    return " ".join(one for one in CHANNELS if one in named) or None


def refusals(contacts: pl.DataFrame) -> pl.Series:
    """The channels that each contact refuses (list of texts), by its `opt_out`."""
    texts = contacts["opt_out"].unique().to_list()
    told = pl.DataFrame(
        {"opt_out": texts, "refused": [list(refused(text)) for text in texts]},
        schema={"opt_out": pl.String, "refused": pl.List(pl.String)},
    )
    joined = contacts.select("opt_out").join(told, on="opt_out", how="left", nulls_equal=True, maintain_order="left")
    return joined["refused"]


@cache
def _read(told: str) -> tuple[tuple[str, ...], bool]:
    """The channels refused, and whether every word was understood."""
    plain = unicodedata.normalize("NFKD", told).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"opt[\s_-]out", "optout", re.sub(r"e[\s_-]mail", "email", plain))
    words = re.findall(r"[a-z0-9]+", plain)
    named = {channel for channel, names in _NAMES.items() if set(names) & set(words)}
    rest = [word for word in words if word not in _KNOWN and word not in _FILL]
    if not rest and named:
        return tuple(one for one in CHANNELS if one in named), True
    if set(words) <= _NONE and (words or not re.search(r"\w|[✓✔☑✗✘☒]", told)):
        return (), True
    # "oui : sms" names what is refused; "tous" beside a name refuses all the same.
    if named and set(rest) <= _ALL - {"all", "tout", "tous", "toutes"}:
        return tuple(one for one in CHANNELS if one in named), True
    return CHANNELS, set(rest) <= _ALL and bool(words or re.search(r"[✓✔☑✗✘☒]", told))
