"""The named cast and the small town they work in: two entities, A and B, with books that can be told apart.

Alice administers A and B. Claude is credit manager of A, Colette collects a portfolio of A, Camille applies the cash
of A, Sacha sells for A, Victor looks at B. Nemo has no role. Anonymous has not signed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.core.entries import Bank
from encours.core.matching.model import model_digest
from encours.store.models import (
    Closing,
    CustomerPosition,
    Delegation,
    Entity,
    Import,
    ImportFile,
    MatchAudit,
    MatchDisagreement,
    Portfolio,
    PortfolioMember,
    Proposal,
    Role,
    Run,
    SavedView,
    User,
)
from encours.usecases import clock
from encours.usecases.accept_match import accept_match
from encours.usecases.entry_rules import change_bank
from encours.usecases.export_entries import export_entries
from encours.usecases.import_advice import import_advice
from encours.usecases.import_files import Upload, import_now, preview_import, receive_files
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import Actor, actor_of, job
from tests.usecases.books import folder
from tests.web.chasing import chase_town
from tests.web.collecting import collect_town
from tests.web.forecasts import forecast_town
from tests.web.habits import keep_habits

CAST = ("alice", "claude", "colette", "camille", "sacha", "victor", "nemo")
ANONYMOUS = "anonymous"
PAPER = b"%PDF-1.4 A0"
PASSWORD = "a ledger is not a diary"
NAMES = {"A": "Zirconia", "B": "Basalte"}  # the root of every customer's name in that entity
IBAN = {"A": "FR7630006000011234567890189", "B": "DE89370400440532013000"}
_ROLES = {
    "alice": (("A", "administrator"), ("B", "administrator")),
    "claude": (("A", "credit_manager"),),
    "colette": (("A", "collector"),),
    "camille": (("A", "cash_application"),),
    "sacha": (("A", "sales"),),
    "victor": (("B", "viewer"),),
    "nemo": (),
}


@dataclass
class Town:
    """What the tests look at."""

    users: dict[str, User] = field(default_factory=dict)
    home: Path = Path()
    ids: dict[str, Any] = field(default_factory=dict)  # what addresses name: import_id, proposal_id…


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = TABLES[name].schema
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)


def book_of(entity_id: str, day: date, customers: int = 4) -> Book:
    """Each customer: an invoice two months late, one not yet due, a credit note, a receipt that quotes the first."""
    numbers = range(customers)
    own = {"entity_id": entity_id, "name": f"{NAMES[entity_id]} SA", "country": "FR", "currency": "EUR"}
    return Book.of(
        entities=_frame("entities", [own]),
        customers=_frame("customers", [_customer(entity_id, number) for number in numbers]),
        items=_frame("items", [item for number in numbers for item in _items(entity_id, number, day)]),
        receipts=_frame("receipts", [_receipt(entity_id, number, day) for number in numbers]),
        documents=_frame("documents", [_document(entity_id, number) for number in numbers]),
        contacts=_frame("contacts", [_contact(entity_id, number) for number in numbers]),
        payer_aliases=_frame("payer_aliases", [_alias(entity_id, number) for number in numbers]),
    )


def _customer(entity_id: str, number: int) -> dict[str, Any]:
    root = NAMES[entity_id]
    return {
        "customer_id": f"{entity_id}:{number}",
        "entity_id": entity_id,
        "name": f"{root} {number}",
        "kind": "business",
        "collector": f"{root} collector",
        "legal_id": f"12345678{number}",
    }


def _number(entity_id: str, number: int, which: str) -> str:
    return f"{NAMES[entity_id][:3].upper()}-{number}{which}"


def _items(entity_id: str, number: int, day: date) -> list[dict[str, Any]]:
    customer_id = f"{entity_id}:{number}"
    kinds = (
        ("late", "01", "invoice", day - timedelta(90), day - timedelta(60), 123_456 + number),
        ("next", "02", "invoice", day - timedelta(10), day + timedelta(20), 50_000),
        ("note", "90", "credit_note", day - timedelta(9), day - timedelta(9), -1_000),
    )
    return [
        {
            "entity_id": entity_id,
            "customer_id": customer_id,
            "currency": "EUR",
            "item_id": f"{customer_id}:{name}",
            "number": _number(entity_id, number, which),
            "kind": kind,
            "issued_on": issued_on,
            "due_on": due_on,
            "amount": amount,
        }
        for name, which, kind, issued_on, due_on, amount in kinds
    ]


def _receipt(entity_id: str, number: int, day: date) -> dict[str, Any]:
    return {
        "receipt_id": f"{entity_id}:{number}:r",
        "entity_id": entity_id,
        "account": "FR7612345987650123456789014",
        "booked_on": day - timedelta(2),
        "amount": 123_456 + number,
        "currency": "EUR",
        "kind": "transfer",
        "origin": "bank",
        "payer_name": f"{NAMES[entity_id].upper()} {number}",
        "payer_account": IBAN[entity_id],
        "remittance": f"VIR {_number(entity_id, number, '01')}",
    }


def _document(entity_id: str, number: int) -> dict[str, Any]:
    return {
        "document_id": f"{entity_id}:{number}:d",
        "item_id": f"{entity_id}:{number}:late",
        "kind": "invoice",
        "path": f"files/{entity_id}{number}.pdf",
        "sha256": sha256(PAPER).hexdigest(),
    }


def _contact(entity_id: str, number: int) -> dict[str, Any]:
    root = NAMES[entity_id]
    return {
        "contact_id": f"{entity_id}:{number}:c",
        "customer_id": f"{entity_id}:{number}",
        "role": "accounts_payable",
        "name": f"{root} Compta",
        "email": f"compta{number}@{root.lower()}.example",
    }


def _alias(entity_id: str, number: int) -> dict[str, Any]:
    return {"customer_id": f"{entity_id}:{number}", "kind": "iban", "value": IBAN[entity_id], "source": "erp"}


def build_town(home: Path) -> Town:
    """Both books imported, the cast with its roles, proposals, one accepted match, one import that waits."""
    town = Town(home=home / "home")
    day = clock.today()
    for entity_id in ("A", "B"):
        import_now(job("test"), None, [folder(book_of(entity_id, day), home / f"book-{entity_id}")])
        keep_habits(entity_id)
    _people(town)
    papers = home / "home" / "files"
    papers.mkdir(parents=True, exist_ok=True)
    (papers / "A0.pdf").write_bytes(PAPER)
    owner = Import.objects.filter(entity_id="A").first()
    ImportFile.objects.create(
        owner=owner, name="A0.pdf", path="files/A0.pdf", size=len(PAPER), sha256=sha256(PAPER).hexdigest()
    )
    alice = actor_of(town.users["alice"])
    propose_matches(alice)
    proposals = dict(Proposal.objects.exclude(decision="none").values_list("receipt_id", "pk"))
    accepted = accept_match(alice, proposals["A:1:r"])
    run = Run.objects.create(
        name="apply_receipts", entity_id="A", day=clock.today(), started_at=clock.now(), state="done"
    )
    drawn = None
    if accepted.decision is not None:
        drawn = MatchAudit.objects.create(
            entity_id="A",
            decision=accepted.decision,
            run=run,
            receipt_id="A:1:r",
            stratum="quoted_exactly",
            via="proof",
            confidence=1.0,
            chance=0.01,
            seed="A",
            drawn_on=clock.today(),
        )
    advised, disagreed = _advised(alice), _disagreed()
    forecast_town()
    sheet = home / "rest.csv"
    head = "Compte;Client;Facture;Date;Echeance;Solde"
    lines = (head, "0;Zirconia 0;ZIR-7;01/10/2026;31/10/2026;12,00", "0;Zirconia 0;ZIR-8;99/99/2026;31/10/2026;12,00")
    sheet.write_text("\n".join(lines) + "\n")
    waiting = preview_import(alice, receive_files(alice, "A", [Upload.of(sheet)]).pk)
    town.ids |= {
        "proposal_id": proposals["A:0:r"],
        "audit_id": 0 if drawn is None else drawn.pk,
        "run_id": run.pk,
        "advice_id": advised,
        "disagreement_id": disagreed,
        "decision_id": accepted.decision.pk if accepted.decision else 0,
        "batch_id": _exported(alice),
        "import_id": waiting.pk,
        "file_id": waiting.files.get().pk,
        "view_id": SavedView.objects.create(user=town.users["alice"], screen="customers", name="late").pk,
        "role_id": Role.objects.get(user=town.users["sacha"]).pk,
        "user_id": town.users["ghost"].pk,
        "delegation_id": Delegation.objects.create(
            entity_id="A", act="write_off", role_kind="credit_manager", amount_max=100
        ).pk,
        "portfolio_id": Portfolio.objects.create(entity_id="A", name="nobody's").pk,
        "closing_id": Closing.objects.create(
            entity_id="A", month=date(2020, 1, 31), sealed_at=clock.now(), digest=""
        ).pk,
        "customer_id": "A:0", "item_id": "A:0:late", "receipt_id": "A:0:r",
        "document_id": "A:0:d",
        **chase_town(),
    }  # fmt: skip
    town.ids |= collect_town(alice, town.users["sacha"])
    return town


def _advised(alice: Actor) -> str:
    """An advice that waits for its money, with a line that finds its item and one that does not."""
    text = b"Avis de virement\nZIR-001 1 234,56\nZIR-999 10,00\nTotal virement : 1 244,56\n"
    return str(import_advice(alice, "A", "avis.txt", text).advice.advice_id)


def _disagreed() -> int:
    """A receipt of which the engine says one item and the ERP's letter another."""
    row = MatchDisagreement.objects.create(
        entity_id="A",
        receipt_id="A:2:r",
        digest="0" * 64,
        origin="replay",
        found_on=clock.today(),
        booked_on=clock.today(),
        amount=123_458,
        currency="EUR",
        rule="one",
        stratum="amount_only",
        decision="auto",
        confidence=0.99,
        model=model_digest(),
        reason="",
        ours=[["A:2:late", 123_458, "cash"]],
        letter=[["A:3:late", 123_458, "cash"]],
        apart=123_458,
    )
    return int(row.pk)


def _exported(alice: Actor) -> int:
    """The accepted match leaves for the ERP."""
    change_bank(alice, "A", "FR7612345987650123456789014", Bank("full", "512100", "BQ1"))
    return int(export_entries(alice, "A")[0].pk)


def _people(town: Town) -> None:
    portfolio = Portfolio.objects.create(entity_id="A", name="hers")
    PortfolioMember.objects.create(portfolio=portfolio, customer_id="A:0")
    for name in (*CAST, "ghost"):
        user = User.objects.create(username=name, email=f"{name}@example.org", first_name=name.title(), language="en")
        town.users[name] = user
        for entity_id, kind in _ROLES.get(name, (("A", "viewer"),)):
            limit = portfolio if kind == "collector" else None
            Role.objects.create(user=user, entity_id=entity_id, kind=kind, portfolio=limit)


def is_whole(town: Town) -> bool:
    """The town stands as the tests expect it."""
    return Entity.objects.count() == 2 and CustomerPosition.objects.count() == 8 and Import.objects.count() == 3
