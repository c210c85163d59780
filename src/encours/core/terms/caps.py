"""Legal maximum payment terms as small named rules: each compares a term with what the law allows, and warns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from encours.core.terms.term import AddDays, Base, EndOfDecade, EndOfMonth, Term

Buyer = Literal["business", "consumer", "public"]


@dataclass(frozen=True)
class Case:
    """What the law asks before it caps a term.

    `agreed`: a term is in the contract or the general terms of sale. `summary`: a periodic invoice (facture
    récapitulative, CGI 289 I-3). `sector`: a name of `SECTORS`. `public_body`: state, hospital or undertaking.
    """

    buyer: Buyer = "business"
    agreed: bool = True
    summary: bool = False
    sector: str | None = None
    public_body: Literal["state", "hospital", "undertaking"] = "state"


@dataclass(frozen=True)
class Cap:
    """One rule of law: where it applies, what it allows (any one of the terms), and the sentence people read."""

    name: str
    sentence: str
    sentence_fr: str
    source: str
    allows: Callable[[date], tuple[Term, ...]]
    applies: Callable[[Case], bool]


@dataclass(frozen=True)
class CapWarning:
    """A term that exceeds a cap, with the invoice day where it shows most. Never a silent change of the term."""

    cap: Cap
    issued_on: date
    due_on: date
    allowed_on: date

    @property
    def days_over(self) -> int:
        """Days beyond what the law allows."""
        return (self.due_on - self.allowed_on).days

    def text(self, language: Literal["en", "fr"] = "en") -> str:
        """The rule and its proof in one sentence."""
        if language == "fr":
            return (
                f"{self.cap.sentence_fr} Une facture du {self.issued_on:%d/%m/%Y} échoirait le {self.due_on:%d/%m/%Y}"
                f" au lieu du {self.allowed_on:%d/%m/%Y} au plus tard ({self.cap.source})."
            )
        return (
            f"{self.cap.sentence} An invoice of {self.issued_on} would fall due on {self.due_on};"
            f" the last day allowed is {self.allowed_on} ({self.cap.source})."
        )


def _net(days: int, base: Base = "invoice") -> Term:
    return Term.of(AddDays(days), base=base)


def _eom(days: int) -> tuple[Term, Term]:
    """Both ways to count "days end of month": days then month end (A), month end then days (B)."""
    return Term.of(AddDays(days), EndOfMonth()), Term.of(EndOfMonth(), AddDays(days))


def _toys(issued_on: date) -> tuple[Term, ...]:
    return (_net(75 if issued_on.month >= 10 else 95),)


def _always(*terms: Term) -> Callable[[date], tuple[Term, ...]]:
    return lambda issued_on: terms


def _sector(name: str, summary: bool | None = None) -> Callable[[Case], bool]:
    return lambda case: (
        case.buyer == "business" and case.sector == name and (summary is None or case.summary is summary)
    )


def _common(agreed: bool, summary: bool) -> Callable[[Case], bool]:
    return lambda case: (
        case.buyer == "business" and case.sector is None and case.agreed is agreed and (case.summary is summary)
    )


def _public(body: str) -> Callable[[Case], bool]:
    return lambda case: case.buyer == "public" and case.public_body == body


_CODE = "C. com. L441-10 I"
_SECTOR = "C. com. L441-11 II"
_PUBLIC = "Code de la commande publique R2192-10"

CAPS: tuple[Cap, ...] = (
    Cap(
        "b2b_nothing_agreed",
        "Where nothing is agreed, payment is due 30 days after the goods are received or the service is done.",
        "Sans accord, le paiement est dû 30 jours après la réception des marchandises ou l'exécution de la prestation.",
        _CODE,
        _always(_net(30, "delivery")),
        lambda case: case.buyer == "business" and case.sector is None and not case.agreed,
    ),
    Cap(
        "b2b_agreed",
        "Between businesses the most that can be agreed is 60 days from the invoice, or 45 days end of month.",
        "Entre professionnels, le délai convenu ne dépasse pas 60 jours date de facture, ou 45 jours fin de mois.",
        _CODE,
        _always(_net(60), *_eom(45)),
        _common(agreed=True, summary=False),
    ),
    Cap(
        "b2b_summary",
        "A periodic invoice must be paid within 45 days of its date.",
        "Une facture récapitulative se règle dans les 45 jours de sa date.",
        _CODE,
        _always(_net(45)),
        _common(agreed=True, summary=True),
    ),
    Cap(
        "perishables",
        "Perishable food, frozen meat and fish and prepared meals are paid within 30 days of delivery.",
        "Les produits alimentaires périssables, viandes et poissons congelés, plats cuisinés se règlent"
        " sous 30 jours après la livraison.",
        _SECTOR,
        _always(_net(30, "delivery")),
        _sector("perishables", summary=False),
    ),
    Cap(
        "perishables_summary",
        "Perishables on a periodic invoice are paid within 30 days of the end of the ten-day period of delivery.",
        "Les produits périssables d'une facture périodique se règlent sous 30 jours après la fin de la décade"
        " de livraison.",
        _SECTOR,
        _always(Term.of(EndOfDecade(), AddDays(30), base="delivery")),
        _sector("perishables", summary=True),
    ),
    Cap(
        "live_cattle",
        "Live cattle and fresh meat are paid within 20 days of delivery.",
        "Le bétail sur pied et la viande fraîche se règlent sous 20 jours après la livraison.",
        _SECTOR,
        _always(_net(20, "delivery")),
        _sector("live_cattle"),
    ),
    Cap(
        "alcohol",
        "Alcohol subject to consumption duty is paid within 30 days of the end of the month of delivery.",
        "Les boissons alcooliques soumises à droits de consommation se règlent sous 30 jours après la fin du mois"
        " de livraison.",
        _SECTOR,
        _always(Term.of(EndOfMonth(), AddDays(30), base="delivery")),
        _sector("alcohol"),
    ),
    Cap(
        "wine",
        "Grapes, musts and wines are paid within 45 days end of month or 60 days from the invoice.",
        "Les raisins, moûts et vins se règlent à 45 jours fin de mois ou 60 jours date de facture, sauf accord"
        " interprofessionnel.",
        _SECTOR,
        _always(_net(60), *_eom(45)),
        _sector("wine"),
    ),
    Cap(
        "transport",
        "Road freight, vehicle rental, forwarding and customs broking are paid within 30 days of the invoice.",
        "Le transport routier, la location de véhicules, la commission de transport et le transit se règlent"
        " sous 30 jours date de facture.",
        _SECTOR,
        _always(_net(30)),
        _sector("transport"),
    ),
    Cap(
        "green_machines",
        "Machines for green spaces are paid within 55 days end of month.",
        "Les matériels d'entretien d'espaces verts se règlent à 55 jours fin de mois au plus.",
        "C. com. D441-5-1",
        _always(*_eom(55)),
        _sector("green_machines"),
    ),
    Cap(
        "farm_machines",
        "Agricultural machines other than tractors are paid within 110 days end of month.",
        "Les matériels agricoles, hors tracteurs, se règlent à 110 jours fin de mois au plus.",
        "C. com. D441-5-1",
        _always(*_eom(110)),
        _sector("farm_machines"),
    ),
    Cap(
        "snow_sports",
        "Pre-season deliveries of snow-sport goods get 30 days more than the common cap.",
        "Les livraisons d'avant-saison d'articles de sports d'hiver ont 30 jours de plus que le délai commun.",
        "C. com. D441-5-1",
        _always(_net(90), Term.of(AddDays(45), EndOfMonth(), AddDays(30)), Term.of(EndOfMonth(), AddDays(75))),
        _sector("snow_sports"),
    ),
    Cap(
        "leather",
        "The leather chain pays within 54 days end of month.",
        "La filière du cuir règle à 54 jours fin de mois au plus.",
        "C. com. D441-5-1",
        _always(*_eom(54)),
        _sector("leather"),
    ),
    Cap(
        "toys",
        "Toys are paid within 95 days of the invoice, 75 days from October to December.",
        "Les jouets se règlent à 95 jours nets au plus, 75 jours nets d'octobre à décembre.",
        "C. com. D441-5-1",
        _toys,
        _sector("toys"),
    ),
    Cap(
        "watches",
        "Watches and jewellery are paid within 59 days end of month or 74 days from the invoice.",
        "L'horlogerie, la bijouterie et la joaillerie règlent à 59 jours fin de mois ou 74 jours nets au plus.",
        "C. com. D441-5-1",
        _always(_net(74), *_eom(59)),
        _sector("watches"),
    ),
    Cap(
        "grand_export",
        "Purchases under VAT suspension for export outside the EU are paid within 90 days of the invoice.",
        "Les achats en franchise de TVA destinés à l'export hors UE se règlent à 90 jours date de facture au plus.",
        _CODE,
        _always(_net(90)),
        _sector("grand_export"),
    ),
    Cap(
        "public_state",
        "The State and local bodies pay within 30 days of receiving the payment request.",
        "L'État et les collectivités paient sous 30 jours à réception de la demande de paiement.",
        _PUBLIC,
        _always(_net(30, "request")),
        _public("state"),
    ),
    Cap(
        "public_hospital",
        "Public hospitals pay within 50 days of receiving the payment request.",
        "Les établissements publics de santé paient sous 50 jours à réception de la demande de paiement.",
        _PUBLIC,
        _always(_net(50, "request")),
        _public("hospital"),
    ),
    Cap(
        "public_undertaking",
        "Public undertakings pay within 60 days of receiving the payment request.",
        "Les entreprises publiques paient sous 60 jours à réception de la demande de paiement.",
        _PUBLIC,
        _always(_net(60, "request")),
        _public("undertaking"),
    ),
)

#: Sectors with a rule of their own; `books` are free of any cap.
SECTORS: tuple[str, ...] = (
    "perishables",
    "live_cattle",
    "alcohol",
    "wine",
    "transport",
    "green_machines",
    "farm_machines",
)
SECTORS += ("snow_sports", "leather", "toys", "watches", "grand_export", "books")


def caps_for(case: Case) -> tuple[Cap, ...]:
    """The rules that apply; none for consumers and for books."""
    return tuple(cap for cap in CAPS if cap.applies(case))


def check_term(term: Term, case: Case, year: int) -> list[CapWarning]:
    """A warning for each cap that the term exceeds on some invoice day of `year` or the three years after it.

    A term keeps a cap where one of the cap's terms, fixed in writing, allows it on every day (both 45-day end of
    month methods count). Delivery, order and request are taken to fall on the invoice's day. The warning shows the
    day where the best of the allowed terms is exceeded most.
    """
    start = date(year, 1, 1)
    days = [start + timedelta(days=n) for n in range((date(year + 4, 1, 1) - start).days)]
    dues = [(day, term.due_on(day)) for day in days]
    warnings = []
    for cap in caps_for(case):
        choices = len(cap.allows(start))
        worst = [
            max((CapWarning(cap, day, due, cap.allows(day)[n].due_on(day)) for day, due in dues), key=_over)
            for n in range(choices)
        ]
        least = min(worst, key=_over)
        if least.days_over > 0:
            warnings.append(least)
    return warnings


def check_invoice(issued_on: date, due_on: date, case: Case, **bases: date) -> list[CapWarning]:
    """A warning for each cap that one invoice's due date exceeds: it may use the latest of the allowed terms."""
    warnings = []
    for cap in caps_for(case):
        latest = max(term.due_on(issued_on, None, **bases) for term in cap.allows(issued_on))
        if due_on > latest:
            warnings.append(CapWarning(cap, issued_on, due_on, latest))
    return warnings


def _over(warning: CapWarning) -> int:
    return warning.days_over
