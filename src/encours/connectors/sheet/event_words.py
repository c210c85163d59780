"""What happened, in the words of credit managers, factors, insurers and courts, as events of the Book.

A cell means an event where it is one of its phrases as a whole: nothing is guessed from a part of it, since `non cédée`
and `cédée` share one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from encours.connectors.base.lifecycle import STATUSES, event_of
from encours.connectors.sheet.mapping import normal_heading


@dataclass(frozen=True)
class Meaning:
    """An event of the Book; `about`: item, customer, or either (the invoice where one is named)."""

    kind: str
    value: str | None
    about: str


#: `kind value about: phrase; phrase` (value `-`: none). A procedure that was closed for want of assets, converted or
#: put on a plan is none of these: what becomes of the claims is for a person to say.
_SPEC = """
factor:assigned - either: cede; cedee; cession; facture cedee; vendu; vendue; affacture; affacturee; factoree;
  vendu a l affacturage; vendue a l affacturage; cede a l affacturage; cedee a l affacturage; vendu au factor;
  vendue au factor; cede au factor; cedee au factor; remis au factor; remise au factor; cession factor;
  cession affacturage; affacturage; subroge; subrogee; subrogation; quittance subrogative; assigned;
  assigned to factor; assigned to the factor; sold to factor; sold to the factor; factored
factor:assigned confidential either: affacturage confidentiel; cession confidentielle; cede en confidentiel;
  cedee en confidentiel; affacturee confidentiel; confidential factoring; assigned confidentially; factored confidential
factor:assigned mandate either: affacturage avec mandat; affacturage avec mandat de gestion;
  cede avec mandat de gestion; cedee avec mandat de gestion;
  cession avec mandat de gestion; affacturage en gestion deleguee; factored with mandate
factor:released - either: mainlevee; mainlevee factor; mainlevee de cession; retrocession; retrocede; retrocedee;
  restitue par le factor; restituee par le factor; liberee par le factor; non affacturee; released by factor;
  released by the factor; factor released
factor:returned - either: definance; definancee; definancement; rachat; rachete; rachetee; rachete au factor;
  rachetee au factor; rendue par le factor; returned by factor; returned by the factor; bought back; buy back
deadline:insurer - item: echeance assureur; date limite assureur; delai assureur; date limite de declaration;
  date limite de declaration assureur; declaration de menace de sinistre; menace de sinistre; dms;
  echeance assureur declaration de menace de sinistre; date limite de declaration de menace de sinistre;
  declaration de sinistre; date limite de declaration de sinistre; date limite de mise en peril; insurer deadline;
  credit insurer deadline; insurance deadline; claim filing deadline; notification of overdue account;
  overdue notification deadline
deadline:factor - item: echeance factor; date limite factor; limite de rachat; date limite de rachat;
  echeance de rachat; echeance de definancement; date limite de definancement; factor deadline; buy back deadline;
  recourse deadline
deadline:limitation - item: prescription; date de prescription; prescription de la creance; forclusion; limitation;
  limitation date; time bar; statute of limitations
insolvency:opened sauvegarde customer: sauvegarde; procedure de sauvegarde; sauvegarde acceleree;
  safeguard; safeguard proceedings
insolvency:opened redressement customer: redressement; redressement judiciaire; rj; receivership; judicial recovery
insolvency:opened liquidation customer: liquidation; liquidation judiciaire; liquidation judiciaire simplifiee; lj;
  faillite; compulsory liquidation; judicial liquidation; bankruptcy
insolvency:opened - customer: procedure collective; depot de bilan; insolvabilite; insolvency; insolvent;
  insolvency opened; insolvency proceedings opened
insolvency:closed - customer: cloture pour extinction du passif; fin de procedure collective; insolvency closed;
  insolvency proceedings closed
insolvency:annulled - customer: jugement infirme; infirmation du jugement; procedure annulee;
  procedure collective annulee; insolvency annulled
insolvency:declared - item: creance declaree; declaration de creance; declaration de creances; declaree au passif;
  claim declared; proof of debt filed
handed_over:agency - either: remis en recouvrement; remise en recouvrement; transmis au recouvrement; contentieux;
  passage au contentieux; remis au contentieux; societe de recouvrement; cabinet de recouvrement;
  collection agency; handed to collection agency; debt collection
handed_over:bailiff - either: huissier; commissaire de justice; remis a l huissier; remis au commissaire de justice;
  bailiff; handed to bailiff
handed_over:court - either: injonction de payer; remis au tribunal; payment order; in court
handed_over:insurer - either: remis a l assureur; transmis a l assureur; recouvrement assureur;
  handed over to insurer; insurer collects
handed_over:returned - either: retour de recouvrement; retour contentieux; retour huissier; rendu par l agence;
  returned by agency
handed_over:closed - either: recouvrement clos; dossier contentieux clos; collection closed
limitation:acknowledgement - item: reconnaissance de dette; acknowledgement of debt; debt acknowledged
limitation:court_action - item: assignation; assignation en paiement; action en justice; court action; lawsuit
"""
#: What stands before the word without changing it.
_BEFORE = re.compile(
    r"^(?:facture|invoice|client|mise en|mis en|en|ouverture d une?|ouverture de|jugement d ouverture d une?|"
    r"jugement d ouverture de|jugement de|procedure de|placement en)\s+"
)
_CODE = re.compile(
    r"^(?:(?:code|statut|status)\s+)*(?:(?:e ?facture|facture electronique|e ?invoice)\s+)?"
    r"(?:(?:code|statut|status)\s+)*(2\d\d)(?: (.*))?$"
)
_PLATFORM = re.compile(r"^(?:(?:statut|status)\s+)?(?:e ?facture|facture electronique|e ?invoice)\s+(.+)$")


def meaning_of(text: str, of_platform: bool = False) -> Meaning | None:
    """The event that a cell means; None where it is no word of ours. `of_platform`: its column holds platform statuses.

    A status is its code; a label beside it that is another status's makes it unreadable.
    """
    if "?" in text:  # somebody asks
        return None
    plain = normal_heading(text)
    if code := _CODE.match(plain):
        return _of_code(code[1], code[2] or "")
    named = _PLATFORM.match(plain)
    if (named or of_platform) and (status := _status(named[1] if named else plain)):
        return _of_code(status, "")
    known = _phrases()
    return known.get(plain) or known.get(_BEFORE.sub("", plain))


def _of_code(code: str, label: str) -> Meaning | None:
    event = event_of(code)
    other = _status(label) if label else None
    if event is None or other not in (None, code):
        return None
    return Meaning(*event, "item")


def _status(label: str) -> str | None:
    return next((code for code, words in STATUSES.items() if label in words), None)


@cache
def _phrases() -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    for line in re.sub(r"\n +", " ", _SPEC.strip()).splitlines():
        head, _, tail = line.partition(": ")
        kind, value, about = head.split()
        meaning = Meaning(kind, None if value == "-" else value, about)
        for phrase in tail.split(";"):
            found[phrase.strip()] = meaning
    return found
