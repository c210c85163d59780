"""auxilab-mcp-finance-recon: equal amount within days, the likest description of those that fit."""

import csv
import io
import json
import sys
import time
from pathlib import Path

TITLE = "auxilab-mcp-finance-recon"
REQUIRES = ("auxilab-mcp-finance-recon==0.1.0",)
VARIANTS = {"text": "payer and text against customer and number"}
_DAYS = 150


def _rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _table(rows, day, name, described):
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(("date", "amount", "reference", "description"))
    for row in rows:
        out.writerow((row[day], row["amount"], row[name], " ".join(row[column] for column in described)))
    return text.getvalue()


def main(exchange, variant, answers):
    from src.tools.bank_matcher import BankMatcher

    items, receipts = _rows(exchange / "items.csv"), _rows(exchange / "receipts.csv")
    started = time.perf_counter()
    bank = _table(receipts, "date", "receipt_id", ("payer_name", "text"))
    ledger = _table(items, "due_on", "item_id", ("customer_name", "number"))
    found = BankMatcher(date_tolerance_days=_DAYS).match(bank, ledger)
    seconds = time.perf_counter() - started
    amounts = {row["item_id"]: row["amount"] for row in items}
    with (answers / "proposals.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("receipt_id", "item_id", "amount", "decision", "confidence"))
        for pair in found["matched_pairs"]:
            item = pair["gl_reference"]
            out.writerow((pair["bank_reference"], item, amounts[item], "", ""))
    (answers / "timing.json").write_text(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
