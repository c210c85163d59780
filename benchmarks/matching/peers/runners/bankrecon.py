"""bankrecon: rules by reference and amount, by amount within a window of days; fails closed where two fit."""

import csv
import json
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

TITLE = "bankrecon"
REQUIRES = ("bankrecon==0.5.1",)
VARIANTS = {
    "text": "the whole text as its reference field",
    "helped": "the first number in the text as its reference field",
}
_DAYS = 150


def _rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(exchange, variant, answers):
    from conciliador_bancario import models as m
    from conciliador_bancario.audit.audit_log import JsonlAuditWriter
    from conciliador_bancario.matching.engine import conciliar

    sure = m.MetadataConfianza(score=1.0, nivel=m.NivelConfianza.alta, origen=m.OrigenDato.csv)

    def field(value):
        return m.CampoConConfianza(valor=value, confianza=sure)

    items, receipts = _rows(exchange / "items.csv"), _rows(exchange / "receipts.csv")
    started = time.perf_counter()
    config = m.ConfiguracionCliente(
        cliente="benchmark", ventana_dias_monto_fecha=_DAYS, ventana_dias_ref_exacta=_DAYS, moneda_default="EUR"
    )
    expected = [
        m.MovimientoEsperado(
            id=row["item_id"], fecha=field(date.fromisoformat(row["due_on"])), monto=field(Decimal(row["amount"])),
            moneda=row["currency"], descripcion=field(f"{row['customer_name']} {row['number']}"),
            referencia=field(row["number"]), tercero=field(row["customer_name"]),
        )
        for row in items
    ]  # fmt: skip
    said = "text" if variant == "text" else "first_number"
    came = [
        m.TransaccionBancaria(
            id=row["receipt_id"], fecha_operacion=field(date.fromisoformat(row["date"])),
            monto=field(Decimal(row["amount"])), moneda=row["currency"],
            descripcion=field(f"{row['payer_name']} {row['text']}".strip()),
            referencia=field(row[said]) if row[said] else None, archivo_origen="receipts.csv", origen=m.OrigenDato.csv,
        )
        for row in receipts
    ]  # fmt: skip
    audit = JsonlAuditWriter(answers / "audit.jsonl")
    found = conciliar(cfg=config, transacciones=came, esperados=expected, audit=audit, run_id="benchmark")
    seconds = time.perf_counter() - started
    amounts = {row["item_id"]: row["amount"] for row in items}
    with (answers / "proposals.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("receipt_id", "item_id", "amount", "decision", "confidence"))
        for match in found.matches:
            if match.estado not in (m.EstadoMatch.conciliado, m.EstadoMatch.sugerido):
                continue
            decision = "auto" if match.estado is m.EstadoMatch.conciliado else "review"
            for receipt in match.transacciones_bancarias:
                for item in match.movimientos_esperados:
                    out.writerow((receipt, item, amounts[item], decision, match.score))
    (answers / "timing.json").write_text(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
