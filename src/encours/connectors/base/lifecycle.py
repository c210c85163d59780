"""The statuses of the French e-invoicing reform: their codes, their words, and the event that each is in the Book."""

from __future__ import annotations

#: Code -> French and English words of it, in normal form (no accents, lower case).
STATUSES: dict[str, tuple[str, ...]] = {
    "200": ("deposee", "submitted"),
    "201": ("emise par la plateforme", "emise", "issued by the platform", "issued"),
    "202": ("recue par la plateforme", "recue", "received by the platform", "received"),
    "203": ("mise a disposition", "made available"),
    "204": ("prise en charge", "in hand", "taken over"),
    "205": ("approuvee", "approved"),
    "206": ("approuvee partiellement", "partiellement approuvee", "partially approved", "approved in part"),
    "207": ("en litige", "litige", "disputed", "in dispute"),
    "208": ("suspendue", "suspended"),
    "209": ("completee", "completed"),
    "210": ("refusee", "refused"),
    "211": ("paiement transmis", "payment sent", "payment transmitted"),
    "212": ("encaissee", "collected", "cashed"),
    "213": ("rejetee", "rejected"),
    "214": ("visee",),
    "220": ("annulee", "cancelled"),
    "221": ("erreur de routage", "routing error"),
    "224": ("demande de paiement direct",),
    "225": ("affacturee", "factored"),
    "226": ("affacturee confidentiel", "affacturee confidentielle"),
    "227": ("changement de compte a payer",),
    "228": ("non affacturee", "not factored"),
}
#: Statuses by which the seller's platform says that the claim is sold, or is no longer: (kind, value) of the event.
_FACTORING = {
    "225": ("factor:assigned", None),
    "226": ("factor:assigned", "confidential"),
    "228": ("factor:released", None),
}


def event_of(code: str) -> tuple[str, str | None] | None:
    """(kind, value) of a status code; None where the reform knows no such status of an invoice."""
    if code not in STATUSES:
        return None
    return _FACTORING.get(code, (f"einvoice:{code}", None))
