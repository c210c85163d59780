"""Tryton's statement rules: one regular expression a series of numbers, one invoice a line, on SQLite in memory."""

import csv
import json
import os
import re
import sys
import time
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

TITLE = "Tryton account_statement_rule"
REQUIRES = ("trytond-account-statement-rule==8.2.0", "proteus==8.2.0")
VARIANTS = {
    "rules": "a rule a series of numbers",
    "equal": "the same, only where the amounts are equal",
}
_BATCH = 100


def _rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def series(numbers):
    """One pattern a shape of number, the most particular shapes first."""
    shapes = {re.sub(r"[0-9]", "9", re.sub(r"[A-Z]", "A", number)) for number in numbers}

    def particular(shape):
        return (sum(not sign.isdigit() for sign in shape), len(shape))

    for shape in sorted(shapes, key=particular, reverse=True):
        parts = re.findall(r"9+|A+|.", shape)
        body = "".join(
            f"[0-9]{{{len(part)}}}"
            if part[0] == "9"
            else f"[A-Z]{{{len(part)}}}"
            if part[0] == "A"
            else re.escape(part)
            for part in parts
        )
        yield rf"(?<![A-Z0-9])(?P<invoice>{body})(?![A-Z0-9])"


def _company(numbers, first, last):
    """A company with a chart, fiscal years over all days, a journal and the rules; the ids that are needed later."""
    from proteus import Model
    from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
    from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
    from trytond.modules.company.tests.tools import create_company, get_company
    from trytond.modules.currency.tests.tools import get_currency
    from trytond.tests.tools import activate_modules

    activate_modules("account_statement_rule")
    create_company(currency=get_currency("EUR"))
    create_chart()
    company = get_company()
    fiscal = create_fiscalyear(today=(first, last))
    set_fiscalyear_invoice_sequences(fiscal).click("create_period")
    accounts = get_accounts()
    journal_model = Model.get("account.journal")
    journal = Model.get("account.statement.journal")(
        name="Bank", account=accounts["cash"], validation="number_of_lines"
    )
    journal.journal = journal_model.find([("code", "=", "STA")], limit=1)[0]
    journal.save()
    for pattern in series(numbers):
        rule = Model.get("account.statement.rule")(name=pattern[:40], company=company, description=pattern)
        line = rule.lines.new()
        line.amount = "pending"
        rule.save()
    return {
        "company": company.id, "currency": company.currency.id, "journal": journal.id,
        "receivable": accounts["receivable"].id, "revenue": accounts["revenue"].id,
    }  # fmt: skip


def _within(ids, work):
    """Does `work(pool)` in a transaction of its own, again with the locks that Tryton says it lacks."""
    from trytond.pool import Pool
    from trytond.tests.test_tryton import DB_NAME
    from trytond.transaction import Transaction, TransactionError

    extras = {}
    while True:
        context = {"company": ids.get("company"), "_skip_warnings": True}
        with Transaction().start(DB_NAME, 1, context=context, **extras) as transaction:
            try:
                return work(Pool())
            except TransactionError as error:
                transaction.rollback()
                error.fix(extras)


def _parties(pool, items):
    """The ids of each customer's party and address."""
    names = {row["customer_id"]: row["customer_name"] for row in items}
    made = pool.get("party.party").create([{"name": name, "addresses": [("create", [{}])]} for name in names.values()])
    return {key: (one.id, one.addresses[0].id) for key, one in zip(names, made, strict=True)}


def _invoices(ids, items, parties):
    """Posted invoices, in order of date."""
    made = []
    for row in sorted(items, key=lambda row: row["issued_on"]):
        party, address = parties[row["customer_id"]]
        made.append(
            {
                "type": "out", "company": ids["company"], "currency": ids["currency"], "party": party,
                "invoice_address": address, "account": ids["receivable"], "number": row["number"],
                "invoice_date": date.fromisoformat(row["issued_on"]), "journal": ids["revenue_journal"],
                "lines": [("create", [{
                    "type": "line", "account": ids["revenue"], "quantity": 1, "unit_price": Decimal(row["amount"]),
                    "description": "-", "company": ids["company"], "currency": ids["currency"],
                }])],
            }
        )  # fmt: skip
    for place in range(0, len(made), _BATCH):
        _within(ids, partial(_post, made[place : place + _BATCH]))


def _post(rows, pool):
    invoice_model = pool.get("account.invoice")
    invoice_model.post(invoice_model.create(rows))


def _revenue_journal(pool):
    return pool.get("account.journal").search([("type", "=", "revenue")], limit=1)[0].id


def _apply(ids, receipts, pool):
    """One statement with all receipts as origins; the rules applied. Gives receipt, number, amount of each line."""
    statement_model = pool.get("account.statement")
    origins = [
        {"date": date.fromisoformat(row["date"]), "amount": Decimal(row["amount"]), "number": row["receipt_id"],
         "description": row["text"].upper()}
        for row in receipts
    ]  # fmt: skip
    last = max(origin["date"] for origin in origins)
    (statement,) = statement_model.create(
        [
            {
                "name": "benchmark", "company": ids["company"], "journal": ids["journal"], "date": last,
                "number_of_lines": len(origins), "origins": [("create", origins)],
            }
        ]
    )  # fmt: skip
    started = time.perf_counter()
    statement_model.apply_rules([statement])
    seconds = time.perf_counter() - started
    statement = statement_model(statement.id)
    found = [
        (line.origin.number, line.related_to.number, line.amount)
        for line in statement.lines
        if line.related_to is not None and line.related_to.__name__ == "account.invoice"
    ]
    return found, seconds


def _equal(exchange, answers):
    """The first variant's lines whose amount is the invoice's: posting all invoices again would say no more."""
    before = answers.with_name(answers.name.replace("-equal", "-rules"))
    amounts = {row["item_id"]: Decimal(row["amount"]) for row in _rows(exchange / "items.csv")}
    kept = [row for row in _rows(before / "proposals.csv") if amounts[row["item_id"]] == Decimal(row["amount"])]
    _write(answers, [tuple(row.values()) for row in kept])
    (answers / "timing.json").write_text((before / "timing.json").read_text())


def _write(answers, rows):
    with (answers / "proposals.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("receipt_id", "item_id", "amount", "decision", "confidence"))
        out.writerows(rows)


def main(exchange, variant, answers):
    if variant == "equal":
        _equal(exchange, answers)
        return
    os.environ.update(DB_NAME=":memory:", TRYTOND_DATABASE_URI="sqlite://", TRYTOND_DATABASE__URI="sqlite://")
    from trytond import config

    config.set("database", "uri", "sqlite://")
    items, receipts = _rows(exchange / "items.csv"), _rows(exchange / "receipts.csv")
    days = [date.fromisoformat(row["issued_on"]) for row in items]
    days += [date.fromisoformat(row["date"]) for row in receipts]
    ids = _company([row["number"] for row in items], min(days), max(days))
    ids["revenue_journal"] = _within(ids, _revenue_journal)
    _invoices(ids, items, _within(ids, lambda pool: _parties(pool, items)))
    found, seconds = _within(ids, partial(_apply, ids, receipts))
    by_number = {row["number"]: row["item_id"] for row in items}
    _write(answers, [(receipt, by_number[number], amount, "", "") for receipt, number, amount in found])
    (answers / "timing.json").write_text(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
