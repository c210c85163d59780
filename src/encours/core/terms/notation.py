"""Terms as people write them: '45 jours fin de mois', '30 fdm le 10', 'EOM + 45', '30% à la commande, solde 30 j'."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Literal

from encours.core.base.issue import CallError
from encours.core.terms.term import (
    AddDays,
    AddMonths,
    Base,
    Discount,
    EndOfDecade,
    EndOfMonth,
    FixedDay,
    Holiday,
    Instalment,
    Step,
    Term,
)


class TermError(CallError):
    """A text is not a payment term; says what was not understood."""


_SHARE = re.compile(
    r"(?P<pct>\d+(?:[.,]\d+)?)\s*%|\b(?P<rest>(?:le\s+)?solde|(?:the\s+)?balance|(?:le\s+)?reste|remainder)\b"
)
_CASH_DISCOUNT = re.compile(r"\b(?P<pct>\d+(?:\.\d+)?)\s*/\s*(?P<days>\d+)\b(?:\s*,)?\s*(?=n|\d)")
_DISCOUNT = re.compile(
    r"(?:(?:escompte|discount)\s+(?:de\s+|of\s+)?(?P<a>\d+(?:[.,]\d+)?)\s*%"
    r"|(?P<b>\d+(?:[.,]\d+)?)\s*%\s+(?:d'\s*)?(?:escompte|discount))"
    r"\s+(?:a|sous|within|at|in|pour paiement a|si paiement sous)?"
    r"\s*(?P<days>\d+)\s*(?:jours?|j|days?|d)\b[\s,;]*(?:sinon|otherwise|else)?"
)
_HOLIDAYS: tuple[tuple[str, Holiday], ...] = (
    (r"(?:report au )?(?:premier )?jour ouvre suivant|next (?:working|business) day", "next"),
    (r"(?:avance au )?(?:dernier )?jour ouvre precedent|previous (?:working|business) day", "previous"),
)
_NEXT_MONTH = r"(?:\s+(?:du\s+mois\s+suivant|of\s+(?:the\s+)?(?:next|following)\s+month))?"
#: What a schedule is made of, tried in this order at each place.
_TOKENS: tuple[tuple[str, str], ...] = (
    (
        "month_end",
        r"fin\s+(?:de\s+|du\s+)?mois|f\.?\s?d\.?\s?m\.?\b|fm\b|e\.?o\.?m\.?\b|end\s+of\s+(?:the\s+)?month|month[\s-]end",
    ),
    ("decade", r"fin\s+de\s+decade|end\s+of\s+(?:the\s+)?(?:decade|10-day\s+period|ten-day\s+period)|decade"),
    (
        "fixed",
        r"(?:les?|on\s+the|the|day)\s+\d{1,2}(?:er|st|nd|rd|th)?(?:\s*(?:et|ou|and|or|,)\s*(?:le\s+|the\s+)?\d{1,2}(?:st|nd|rd|th)?\b(?!\s*%))*"
        + _NEXT_MONTH,
    ),
    ("months", r"\d+\s*(?:mois|months?)\b"),
    ("days", r"\d+\s*(?:jours?|jrs?|j|days?|d)?\b"),
    (
        "order",
        r"(?:a\s+la|with|on|upon|from|date\s+de(?:\s+la)?|de\s+la)\s*(?:passation\s+de\s+)?(?:commande|the\s+order|order)(?:\s+date)?",
    ),
    (
        "delivery",
        r"(?:a\s+la|on|upon|from|after|apres|date\s+de(?:\s+la)?|de\s+la)\s*(?:livraison|delivery)(?:\s+date)?|(?:(?:a|after|on|from|apres)\s+)?(?:la\s+)?(?:reception\s+des\s+marchandises|receipt\s+of\s+(?:the\s+)?goods)",
    ),
    (
        "request",
        r"(?:(?:a|after|from|on)\s+)?(?:la\s+)?(?:reception\s+de\s+la\s+demande\s+de\s+paiement|receipt\s+of\s+the\s+payment\s+request)",
    ),
    (
        "invoice",
        r"(?:a\s+|des\s+|on\s+|upon\s+|due\s+(?:on|upon)\s+)?(?:reception|receipt)(?:\s+(?:de|of)\s+(?:la\s+|the\s+)?(?:facture|invoice))?|(?:from\s+|after\s+|de\s+|a\s+compter\s+de\s+la\s+)?(?:date\s+(?:de\s+(?:la\s+)?)?(?:facture|facturation)|date\s+d'\s*emission(?:\s+de\s+(?:la\s+)?facture)?|invoice\s+date|date\s+of\s+(?:the\s+)?invoice)",
    ),
    ("cash", r"(?:au\s+)?comptant|cash|immediate(?:ly)?|immediat"),
    (
        "filler",
        r"net(?:s|te)?\b|[+,;.:()-]|\b(?:a|de|du|puis|then|plus|after|apres|from|payable|paiement|payment|terms?|due|in|sous)\b",
    ),
)
_SCANNER = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _TOKENS))
_BASES: tuple[Base, ...] = ("order", "delivery", "request", "invoice")


def parse_term(text: str) -> Term:
    """The term that a text in French or English says.

    Steps are taken in the order they are written: `45 jours fin de mois` is +45 days then month end (method A),
    `fin de mois 45 jours` is month end then +45 days (method B). Raises TermError naming what was not understood.
    """
    plain = _plain(text)
    plain, holiday = _take_holiday(plain)
    plain, discount = _take_discount(plain)
    try:
        parts = tuple(_instalments(plain, text))
        if not parts:
            raise TermError([f"{text!r} names no payment term; write for example '45 jours fin de mois' or 'net 30'"])
        return Term(parts, holiday, discount)
    except TermError:
        raise
    except CallError as error:
        raise TermError([f"{text!r}: {fault}" for fault in error.faults]) from None


def _plain(text: str) -> str:
    spaced = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    bare = "".join(letter for letter in spaced if not unicodedata.combining(letter))
    return re.sub(r"\s+", " ", bare).strip()


def _take_holiday(text: str) -> tuple[str, Holiday]:
    for pattern, rule in _HOLIDAYS:
        if re.search(pattern, text):
            return re.sub(r"[\s,;]*(?:" + pattern + ")", "", text), rule
    return text, "unshifted"


def _take_discount(text: str) -> tuple[str, Discount | None]:
    match = _CASH_DISCOUNT.search(text) or _DISCOUNT.search(text)
    if match is None:
        return text, None
    groups = match.groupdict()
    percent = groups.get("pct") or groups.get("a") or groups.get("b") or ""
    rest = f"{text[: match.start()]} {text[match.end() :]}".strip()
    return rest, Discount(_number(percent), int(match["days"]))


def _instalments(plain: str, text: str) -> list[Instalment]:
    cuts = list(_SHARE.finditer(plain))
    if not cuts:
        return [_schedule(plain, Decimal(100), text)] if plain else []
    if (before := _DEPOSIT.sub("", _JOINTS.sub("", plain[: cuts[0].start()]))).strip():
        raise TermError([f"{text!r}: {before.strip()!r} stands before the first share"])
    parts: list[Instalment] = []
    left = Decimal(100)
    for match, following in zip(cuts, [*cuts[1:], None], strict=True):
        body = plain[match.end() : following.start() if following else len(plain)]
        percent = _number(match["pct"]) if match["pct"] else left
        left -= percent
        parts.append(_schedule(_JOINTS.sub("", body), percent, text))
    return parts


_DEPOSIT = re.compile(r"(?:acompte|deposit|down payment)(?:\s+(?:de|of))?$")
_JOINTS = re.compile(r"^[\s,;+:-]+|(?:[\s,;+-]|\b(?:et|and|puis|then)\b)+$")


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _schedule(plain: str, percent: Decimal, text: str) -> Instalment:
    base: Base = "invoice"
    steps: list[Step] = []
    at = 0
    meant = percent != 100  # "50 %, 50 % 30 jours": a share alone is due at once
    while at < len(plain):
        if plain[at] == " ":
            at += 1
            continue
        match = _SCANNER.match(plain, at)
        if match is None or match.end() == at:
            raise TermError([f"{text!r}: {plain[at:]!r} is not understood"])
        kind, said = str(match.lastgroup), match.group()
        if kind in _BASES:
            base = next(name for name in _BASES if name == kind)
        meant |= kind != "filler"
        steps += _steps(kind, said, steps)
        at = match.end()
    if not meant:
        raise TermError([f"{text!r} names no day; write for example '45 jours fin de mois' or 'net 30'"])
    # `net 0` and `à réception` say the day itself.
    return Instalment(percent, base, tuple(step for step in steps if step != AddDays(0)))


def _steps(kind: str, said: str, before: list[Step]) -> list[Step]:
    numbers = [int(number) for number in re.findall(r"\d+", said)]
    if kind == "month_end":
        return [EndOfMonth()]
    if kind == "decade":
        return [EndOfDecade()]
    if kind == "months":
        return [AddMonths(numbers[0])]
    if kind == "days":
        return [AddDays(numbers[0])]
    if kind == "fixed":
        # "le 10 du mois suivant" leaves the month first; after a month end the next 10th is already that.
        leave = re.search(r"mois|month", said) and (not before or before[-1] != EndOfMonth())
        return [*([EndOfMonth()] if leave else []), FixedDay(tuple(numbers))]
    return []


Language = Literal["fr", "en"]
_WORDS = {
    "fr": {
        "invoice": "date de facture",
        "delivery": "à la livraison",
        "order": "à la commande",
        "request": "réception de la demande de paiement",
        "next": "jour ouvré suivant",
        "previous": "jour ouvré précédent",
        "month_end": "fin de mois",
        "decade": "fin de décade",
        "days": "jours",
        "months": "mois",
        "cash": "comptant",
        "fixed": "le",
        "and": " et ",
        "discount": "escompte {} % sous {} jours, sinon",
    },
    "en": {
        "invoice": "invoice date",
        "delivery": "on delivery",
        "order": "with order",
        "request": "receipt of the payment request",
        "next": "next working day",
        "previous": "previous working day",
        "month_end": "end of month",
        "decade": "end of decade",
        "days": "days",
        "months": "months",
        "cash": "cash",
        "fixed": "the",
        "and": " and ",
        "discount": "discount {} % within {} days, otherwise",
    },
}


def write_term(term: Term, language: Language = "fr") -> str:
    """The term in words that `parse_term` reads back as the same term."""
    words = _WORDS[language]
    many = len(term.instalments) > 1
    parts = []
    for part in term.instalments:
        said = [_written(step, words) for step in part.steps]
        if part.base != "invoice":
            said.append(words[part.base])
        body = " ".join(said) or words["cash"]
        parts.append(f"{part.percent.normalize():f} % {body}" if many else body)
    text = ", ".join(parts)
    if term.discount is not None:
        text = words["discount"].format(f"{term.discount.percent.normalize():f}", term.discount.days) + f" {text}"
    return text if term.holiday == "unshifted" else f"{text}, {words[term.holiday]}"


def _written(step: Step, words: dict[str, str]) -> str:
    if isinstance(step, AddDays):
        return f"{step.days} {words['days']}"
    if isinstance(step, AddMonths):
        return f"{step.months} {words['months']}"
    if isinstance(step, FixedDay):
        return f"{words['fixed']} {words['and'].join(map(str, step.days))}"
    return words["month_end"] if isinstance(step, EndOfMonth) else words["decade"]
