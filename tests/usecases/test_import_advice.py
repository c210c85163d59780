"""A remittance advice is kept once, followed when its money is there, and says what is still to come."""

from __future__ import annotations

from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import typst
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

import encours.connectors
from encours.core.base.issue import CallError
from encours.store.models import Advice, AdviceReceipt, AuditEntry, DifferenceLine, Entity, Item, Proposal
from encours.store.rights import job
from encours.usecases.accept_match import accept_match
from encours.usecases.correct_advice import correct_line, take_advice
from encours.usecases.import_advice import AdviceSaid, dismiss_advice, import_advice
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import Actor, NotAllowedError
from encours.usecases.show_advices import expected_receipts
from tests.journeys.imports import bring
from tests.usecases.waiting import person

pytestmark = pytest.mark.django_db
_OPEN = """Code client;Nom client;N° facture;Date facture;Échéance;Montant TTC;Devise
C1;DUPIN;FA-2026-0101;01/02/2026;03/03/2026;1 200,00;EUR
C1;DUPIN;FA-2026-0102;03/02/2026;05/03/2026;1 264,50;EUR
C1;DUPIN;AV-2026-0007;05/02/2026;07/03/2026;-100,00;EUR
C2;VIGNES;FA-2026-0103;03/02/2026;05/03/2026;400,00;EUR
"""
_MAIL = """Bonjour,
Nous vous informons de notre virement de ce jour.
Date de règlement : 12/03/2026
Notre référence : VIR-2026-0034
Facture      Date        Montant     Escompte    Net
FA-2026-0101 01/02/2026  1 200,00    24,00       1 176,00
FA-2026-0102 03/02/2026  1 264,50
AV-2026-0007 05/02/2026  100,00
Total virement : 2 340,50
""".encode()
_SHEET = """Votre facture;Date facture;Montant brut;Escompte;Net payé
FA-2026-0101;01/02/2026;1 200,00;24,00;1 176,00
FA-2026-0102;03/02/2026;1 264,50;0,00;1 264,50
AV-2026-0007;05/02/2026;-100,00;0,00;-100,00
""".encode()


@pytest.fixture
def actor(tmp_path: Path) -> Actor:
    """A company with open invoices and nothing received."""
    Entity.objects.create(entity_id="A", name="Ateliers", country="FR", currency="EUR")
    (tmp_path / "open.csv").write_text(_OPEN, encoding="utf-8")
    someone = job("test")
    bring(someone, "A", [tmp_path / "open.csv"])
    return someone


def _money(actor: Actor, folder: Path, *lines: str) -> None:
    rows = "\n".join(["Date;Libellé;Montant;Devise;Compte", *(f"{line};EUR;512000" for line in lines)])
    (folder / "banque.csv").write_text(rows + "\n", encoding="utf-8")
    bring(actor, "A", [folder / "banque.csv"])


def _open() -> dict[str, int]:
    return {row.number: row.open for row in Item.objects.filter(is_current=True)}


@pytest.mark.parametrize(("name", "content"), [("mail.txt", _MAIL), ("avis.csv", _SHEET)])
def test_an_advice_waits_for_its_money_and_is_then_followed(
    actor: Actor, tmp_path: Path, name: str, content: bytes
) -> None:
    kept = import_advice(actor, "A", name, content, AdviceSaid(reference="VIR-2026-0034"))
    assert kept.issues == ()
    assert (kept.advice.total, kept.advice.customer_id) == (234_050, "A:C1")
    expected = expected_receipts(actor, "A")
    assert [(one.left, one.numbers[0]) for one in expected] == [(234_050, "FA-2026-0101")]

    _money(actor, tmp_path, "13/03/2026;VIR DUPIN REF VIR-2026-0034;2340,50")
    propose_matches(actor, ["A"])
    proposal = Proposal.objects.get(rule="advice")
    assert "the text names it" in proposal.reason
    assert expected_receipts(actor, "A") == []
    accept_match(actor, proposal.pk)
    assert _open() == {"FA-2026-0101": 0, "FA-2026-0102": 0, "AV-2026-0007": 0, "FA-2026-0103": 40_000}
    propose_matches(actor, ["A"])
    assert expected_receipts(actor, "A") == []  # what is posted stays tied


def test_one_advice_paid_in_two_receipts(actor: Actor, tmp_path: Path) -> None:
    import_advice(actor, "A", "mail.txt", _MAIL)
    _money(
        actor,
        tmp_path,
        "13/03/2026;VIR DUPIN AVIS VIR-2026-0034;1176,00",
        "14/03/2026;VIR DUPIN AVIS VIR-2026-0034;1164,50",
    )
    propose_matches(actor, ["A"])
    found = {row.receipt_id: row for row in Proposal.objects.filter(rule="advice")}
    assert len(found) == 2
    assert AdviceReceipt.objects.count() == 2
    for row in found.values():
        accept_match(actor, row.pk)
    assert _open()["FA-2026-0101"] == 0
    assert _open()["FA-2026-0102"] == 0


def test_twice_is_once_and_is_audited(actor: Actor) -> None:
    first = import_advice(actor, "A", "mail.txt", _MAIL)
    again = import_advice(actor, "A", "copy.txt", _MAIL)
    assert (first.fresh, again.fresh, again.advice.pk) == (True, False, first.advice.pk)
    assert AuditEntry.objects.filter(act="import_advice").count() == 1


def test_dismissed_it_is_followed_no_more(actor: Actor, tmp_path: Path) -> None:
    kept = import_advice(actor, "A", "mail.txt", _MAIL)
    dismiss_advice(actor, kept.advice.advice_id, "sent to the wrong company")
    dismiss_advice(actor, kept.advice.advice_id)
    assert AuditEntry.objects.filter(act="dismiss_advice").count() == 1
    assert expected_receipts(actor, "A") == []
    _money(actor, tmp_path, "13/03/2026;VIR DUPIN REF VIR-2026-0034;2340,50")
    propose_matches(actor, ["A"])
    assert not Proposal.objects.filter(rule="advice").exists()


def test_a_payout_report_names_the_fee_as_a_charge(actor: Actor, tmp_path: Path) -> None:
    report = b"Invoice;Gross;Net\nFA-2026-0102;1264,50;1264,50\nFA-2026-0103;400,00;400,00\n"
    said = AdviceSaid(form="payout", fee=1_650, reference="PO-77812", payer_name="Stripe")
    kept = import_advice(actor, "A", "payout.csv", report, said)
    assert kept.advice.total == 164_800
    _money(actor, tmp_path, "13/03/2026;STRIPE PAYOUT PO-77812;1648,00")
    propose_matches(actor, ["A"])
    lines = Proposal.objects.get(rule="advice").lines.order_by("item_id", "kind").values_list("amount", "kind")
    assert sorted(lines) == [(1_650, "charge"), (40_000, "cash"), (124_800, "cash")]
    accept_match(actor, Proposal.objects.get(rule="advice").pk)
    assert (_open()["FA-2026-0102"], _open()["FA-2026-0103"]) == (0, 0)


@pytest.mark.parametrize(("form", "account"), [("payout", "6278"), ("factor", "6225")])
def test_a_stated_fee_is_the_collectors_whatever_a_transfer_may_cost(
    actor: Actor, tmp_path: Path, form: str, account: str
) -> None:
    report = b"Invoice;Gross;Net\nFA-2026-0102;1264,50;1264,50\nFA-2026-0103;400,00;400,00\n"
    said = AdviceSaid(form=form, fee=12_000, reference="PO-77812", payer_name="Stripe")
    import_advice(actor, "A", "payout.csv", report, said)
    _money(actor, tmp_path, "13/03/2026;STRIPE PAYOUT PO-77812;1544,50")
    propose_matches(actor, ["A"])
    clerk = person("clerk", "cash_application")  # who may write nothing off beyond the policy
    accept_match(clerk, Proposal.objects.get(rule="advice").pk)
    line = DifferenceLine.objects.get()
    assert (line.cause, line.amount, line.account, line.worth, line.outside) == (f"{form}_fee", 12_000, account, 0, "")
    assert line.proof == "the report of the batch states a fee of 120.00 EUR"
    assert (_open()["FA-2026-0102"], _open()["FA-2026-0103"]) == (0, 0)


@pytest.mark.parametrize(
    ("said", "taken", "cause", "owner"),
    [
        ("Retenue de garantie", 6_000, "retention", "collection"),
        ("RFA", 10_000, "rebate", "sales"),
        ("Pénalités logistiques", 10_000, "logistics_penalty", "logistics"),
        ("Retenue à la source", 18_000, "withholding", "tax"),
        ("Déduction", 7_700, "part_payment", "collection"),
        ("Déduction", 10_000, "credit_note", "cash_application"),  # one is open for just as much
    ],
)
def test_what_an_advice_takes_off_stays_open_for_the_cause_that_it_names(
    actor: Actor, tmp_path: Path, said: str, taken: int, cause: str, owner: str
) -> None:
    off, net = f"{taken / 100:.2f}".replace(".", ","), f"{(120_000 - taken) / 100:.2f}".replace(".", ",")
    mail = f"Notre référence : VIR-2026-0034\nFacture  Montant  {said}  Net\nFA-2026-0101 1200,00 {off} {net}\n"
    import_advice(actor, "A", "mail.txt", f"{mail}Total virement : {net}\n".encode())
    _money(actor, tmp_path, f"13/03/2026;VIR DUPIN REF VIR-2026-0034;{net}")
    propose_matches(actor, ["A"])
    accept_match(actor, Proposal.objects.get(rule="advice").pk)
    line = DifferenceLine.objects.get()
    assert (line.cause, line.amount, line.owner, line.kind) == (cause, taken, owner, "")
    assert _open()["FA-2026-0101"] == taken  # nothing is booked for it


def test_lines_that_do_not_make_the_total_are_said(actor: Actor) -> None:
    kept = import_advice(actor, "A", "mail.txt", _MAIL.replace(b"2 340,50", b"2 999,00"))
    assert kept.issues == ("the lines of the advice do not make its total",)


def test_who_may_not_and_what_is_none(actor: Actor) -> None:
    with pytest.raises(NotAllowedError):
        import_advice(person("viewer", "viewer"), "A", "mail.txt", _MAIL)
    with pytest.raises(CallError, match="no line of the advice"):
        import_advice(actor, "A", "mail.txt", b"Bonjour, a bientot")
    with pytest.raises(CallError, match="no line of the advice"):
        import_advice(actor, "A", "scan.pdf", b"%PDF-1.4 nothing")
    assert Advice.objects.count() == 0


def _mail(*attached: tuple[str, bytes], body: str = "Bonjour, veuillez trouver notre avis en pièce jointe.") -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Menuiserie Dupin <compta@dupin.example>", "nous@ateliers.example"
    message["Subject"], message["Date"] = "Avis de règlement", "Thu, 12 Mar 2026 09:14:02 +0100"
    message.set_content(body)
    for name, content in attached:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return bytes(message)


def _pdf(text: str) -> bytes:
    return bytes(typst.compile(text.replace("\n", "\n\n").encode()))


def test_a_mails_attachment_counts_where_its_body_says_nothing(actor: Actor) -> None:
    for number, name, content in ((1, "avis.csv", _SHEET), (2, "avis.pdf", _pdf(_MAIL.decode()))):
        kept = import_advice(actor, "A", f"mail{number}.eml", _mail((name, content)))
        assert kept.issues == ()
        assert (kept.advice.total, kept.advice.customer_id, kept.advice.lines.count()) == (234_050, "A:C1", 3)
        assert kept.advice.payer_name == "Menuiserie Dupin"
        assert kept.advice.paid_on == date(2026, 3, 12)


def test_a_forwarded_mail_is_its_first_senders(actor: Actor) -> None:
    forward = EmailMessage()
    forward["From"], forward["Subject"] = "Accueil <accueil@ateliers.example>", "TR: avis"
    forward.set_content("Pour la comptabilité.")
    forward.add_attachment(message_from_bytes(_mail(body=_MAIL.decode()), policy=policy.default))
    kept = import_advice(actor, "A", "tr.eml", bytes(forward))
    assert (kept.advice.total, kept.advice.payer_name, kept.advice.source) == (234_050, "Menuiserie Dupin", "mail")


def test_a_draft_is_followed_by_nobody_until_it_is_taken(actor: Actor, tmp_path: Path) -> None:
    kept = import_advice(actor, "A", "mail.txt", _MAIL, draft=True)
    _money(actor, tmp_path, "13/03/2026;VIR DUPIN REF VIR-2026-0034;2340,50")
    propose_matches(actor, ["A"])
    assert expected_receipts(actor, "A") == []
    assert not Proposal.objects.filter(rule="advice").exists()
    assert not AuditEntry.objects.filter(act="import_advice").exists()
    assert take_advice(actor, kept.advice.advice_id).fresh is True
    assert take_advice(actor, kept.advice.advice_id).fresh is False
    propose_matches(actor, ["A"])
    assert Proposal.objects.filter(rule="advice").count() == 1


def test_a_corrected_line_pays_what_the_person_says(actor: Actor, tmp_path: Path) -> None:
    wrong = _MAIL.replace(b"FA-2026-0102", b"FA-2062-0102")
    kept = import_advice(actor, "A", "mail.txt", wrong)
    bad = kept.advice.lines.get(number="FA-2062-0102")
    correct_line(actor, kept.advice.advice_id, bad.line, "fa 2026 0102")
    _money(actor, tmp_path, "13/03/2026;VIR DUPIN REF VIR-2026-0034;2340,50")
    propose_matches(actor, ["A"])
    accept_match(actor, Proposal.objects.get(rule="advice").pk)
    assert _open()["FA-2026-0102"] == 0
    with pytest.raises(CallError, match="was posted: undo that first"):
        correct_line(actor, kept.advice.advice_id, bad.line, "FA-2026-0103")


def test_an_advice_as_pdf_among_the_files_of_an_import_is_kept_with_its_head(actor: Actor, tmp_path: Path) -> None:
    (tmp_path / "avis.pdf").write_bytes(_pdf(_MAIL.decode().replace("Bonjour", "Avis de virement")))
    bring(actor, "A", [tmp_path / "avis.pdf"])
    kept = Advice.objects.get()
    assert (kept.total, kept.source, kept.reference, kept.lines.count()) == (234_050, "pdf", "VIR-2026-0034", 3)


def test_an_advice_among_the_files_of_an_import_is_kept(actor: Actor, tmp_path: Path) -> None:
    rows = [line + (";Devise" if n == 0 else ";EUR") for n, line in enumerate(_SHEET.decode().splitlines())]
    sheet = "\n".join(rows).encode()
    (tmp_path / "avis.csv").write_bytes(sheet)
    bring(actor, "A", [tmp_path / "avis.csv"])
    kept = Advice.objects.get()
    assert (kept.total, kept.source, kept.customer_id, kept.lines.count()) == (234_050, "sheet", "A:C1", 3)
    assert import_advice(actor, "A", "avis.csv", sheet).fresh is False


def _worker() -> None:
    call_command("db_worker", batch=True, interval=0, verbosity=0, startup_delay=False)


@pytest.mark.django_db(transaction=True)
def test_an_advice_that_comes_after_its_money_is_followed_at_once(actor: Actor, tmp_path: Path) -> None:
    _money(actor, tmp_path, "13/03/2026;VIR DUPIN REF VIR-2026-0034;2340,50")
    _worker()
    assert not Proposal.objects.filter(rule="advice").exists()
    import_advice(actor, "A", "mail.txt", _MAIL, AdviceSaid(reference="VIR-2026-0034"), draft=True)
    _worker()
    assert not Proposal.objects.filter(rule="advice").exists(), "a draft is followed by nobody"
    import_advice(actor, "A", "mail.txt", _MAIL, AdviceSaid(reference="VIR-2026-0034"))
    _worker()
    assert Proposal.objects.filter(rule="advice", state=Proposal.State.OPEN).count() == 1


@pytest.mark.parametrize("name", ["avis.csv", "collection.xml"])
def test_what_says_whose_money_it_is_asks_the_worker(actor: Actor, tmp_path: Path, name: str) -> None:
    """An advice among the files of an import, and a batch of direct debits: neither brings a receipt."""
    path = Path(encours.connectors.__path__[0]) / "pain008" / "golden" / name
    if name == "avis.csv":
        rows = [line + (";Devise" if n == 0 else ";EUR") for n, line in enumerate(_SHEET.decode().splitlines())]
        path = tmp_path / name
        path.write_bytes("\n".join(rows).encode())
    bring(actor, "A", [path])
    assert DBTaskResult.objects.filter(status="READY").count() == 1
