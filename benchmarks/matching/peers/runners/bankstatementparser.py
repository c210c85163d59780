"""bankstatementparser: payments against statements in passes, each match unique on both sides or none."""

import csv
import json
import sys
import time
from decimal import Decimal
from pathlib import Path

TITLE = "bankstatementparser"
REQUIRES = ("bankstatementparser==0.0.29",)
VARIANTS = {
    "text": "the whole text as its reference field",
    "name": "the payer's name only",
    "helped": "the first number in the text as its reference field",
}
_FIELD = {"text": "text", "name": None, "helped": "first_number"}
_DAYS = 150


def _rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(exchange, variant, answers):
    from bankstatementparser.reconciliation import reconcile_payments_and_statements

    items, receipts = _rows(exchange / "items.csv"), _rows(exchange / "receipts.csv")
    started = time.perf_counter()
    field = _FIELD[variant]
    expected = [
        {
            "item_id": row["item_id"], "Amount": row["amount"], "Currency": row["currency"],
            "CdtrNm": row["customer_name"], "date": row["due_on"], **({"EndToEndId": row["number"]} if field else {}),
        }
        for row in items
    ]  # fmt: skip
    came = [
        {
            "receipt_id": row["receipt_id"], "Amount": row["amount"], "Currency": row["currency"],
            "CdtrNm": row["payer_name"], "date": row["date"], **({"EndToEndId": row[field]} if field else {}),
        }
        for row in receipts
    ]  # fmt: skip
    report = reconcile_payments_and_statements(expected, came, fee_tolerance=Decimal(0), max_date_gap_days=_DAYS)
    seconds = time.perf_counter() - started
    with (answers / "proposals.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("receipt_id", "item_id", "amount", "decision", "confidence"))
        for match in report.matches:
            item = match.payment_record
            out.writerow((match.statement_record["receipt_id"], item["item_id"], item["Amount"], "", match.confidence))
    (answers / "timing.json").write_text(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
