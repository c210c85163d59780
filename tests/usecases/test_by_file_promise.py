"""What a batch file or an advice says posts on a proof alone, and within the promise: audited, tested, switched off."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from encours.core.matching.certificate import draw
from encours.store.models import AuditEntry, Entity, MatchAudit, Proposal, StratumSwitch
from encours.store.rights import job
from encours.usecases import allow_posts, clock
from encours.usecases.apply_receipts import AppliedRun, apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from encours.usecases.certify_matching import certify_matching
from encours.usecases.import_advice import AdviceSaid, import_advice
from encours.usecases.judge_match import judge_match
from encours.usecases.judged_receipts import known_errors
from encours.usecases.show_trust import show_trust
from encours.usecases.switch_stratum import switch_stratum
from encours.usecases.viewing import Viewing
from tests.journeys.imports import bring
from tests.usecases.waiting import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four customers with two invoices each; every post is drawn."""
    Entity.objects.create(entity_id="A", name="Ateliers", country="FR", currency="EUR")
    rows = ["Code client;Nom client;N° facture;Date facture;Échéance;Montant TTC;Devise"]
    for number in range(1, 5):
        rows.append(f"C{number};CLIENT{number};FA-2026-0{number}01;01/02/2026;03/03/2026;{number}00,00;EUR")
        rows.append(f"C{number};CLIENT{number};FA-2026-0{number}02;03/02/2026;05/03/2026;{number}50,00;EUR")
    (tmp_path / "open.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    bring(job("test"), "A", [tmp_path / "open.csv"])
    activate_automatic_posting(job("test"), "A", "advices are followed")
    monkeypatch.setattr(allow_posts, "draw", partial(draw, rate=1.0))


def paid(folder: Path, *customers: int) -> AppliedRun:
    """Each customer's advice, then the money that names it and says how many invoices it pays."""
    lines = ["Date;Libellé;Montant;Devise;Compte"]
    for number in customers:
        sheet = (
            "Votre facture;Date facture;Montant brut;Net payé\n"
            f"FA-2026-0{number}01;01/02/2026;{number}00,00;{number}00,00\n"
            f"FA-2026-0{number}02;03/02/2026;{number}50,00;{number}50,00\n"
        )
        name = f"VIR-2026-{number:04}"
        import_advice(job("test"), "A", f"avis{number}.csv", sheet.encode(), AdviceSaid(reference=name))
        total = 2 * 100 * number + 50
        lines.append(f"13/03/2026;VIR CLIENT{number} REF {name} 2 FACTURES;{total},00;EUR;512000")
    (folder / f"banque{customers[0]}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    bring(job("test"), "A", [folder / f"banque{customers[0]}.csv"])
    return apply_receipts(job("test"), ["A"])[0]


def test_what_a_file_says_is_audited_and_switched_off_like_a_stratum(tmp_path: Path) -> None:
    paid(tmp_path, 1, 2, 3)
    audits = list(MatchAudit.objects.order_by("receipt_id"))
    assert [(row.stratum, row.via) for row in audits] == [("by_file", "proof")] * 3
    clerk = person("clerk", "cash_application")
    page = show_trust(Viewing(clerk, ("A",), clock.today()))
    assert [(row.stratum, row.posted, row.on) for row in page.strata if row.posted] == [("by_file", 3, True)]
    for row in audits[:2]:
        judge_match(clerk, row.pk, False, "another customer's")
    switch = StratumSwitch.objects.get()
    assert (switch.stratum, switch.on, switch.cause) == ("by_file", False, "test_failed")
    assert known_errors("A", {}).rows() == [("by_file", 3, 2)]
    paid(tmp_path, 4)
    waiting = Proposal.objects.get(rule="advice", state=Proposal.State.OPEN, customer_id="A:C4")
    assert waiting.stratum == "by_file"
    manager = person("manager")
    assert switch_stratum(manager, "A", "by_file", True, "the reader is mended")
    apply_receipts(job("test"), ["A"])
    waiting.refresh_from_db()
    assert waiting.state == Proposal.State.ACCEPTED


def test_no_certificate_is_made_of_it(tmp_path: Path) -> None:
    paid(tmp_path, 1, 2)
    clerk = person("clerk", "cash_application")
    for row in MatchAudit.objects.all():
        judge_match(clerk, row.pk, True)
    made = certify_matching(clerk, ["A"], force=True)[0]
    assert made.strata.get(stratum="all").judged == 0
    assert not made.strata.filter(stratum="by_file").exists()
    assert not AuditEntry.objects.filter(act="switch_stratum").exists()
