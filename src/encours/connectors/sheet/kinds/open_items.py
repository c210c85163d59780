"""Open items: the receivable invoices of an ERP on a day, one line a number (and due date)."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import CURRENCY, CUSTOMER, IDENTITY, SIGN, customers_of, with_customer_id
from encours.core.base.issue import Issues

_FIELDS = fields(
    CUSTOMER
    + IDENTITY
    + """
number text 2.0: numero facture; n facture; no facture; numero de facture; n de facture; num facture; facture;
  invoice number; invoice no; invoice; numero piece; n piece; no piece; numero de piece; n de piece;
  reference piece; piece ref; document number; document no; rechnungsnummer; belegnummer; piece;
  reference facture; ref facture; invoice id; facture id; feature id; numero document; document; numero factura;
  factura; ~reference; ~numero
part text 0.5: numero echeance; n echeance; no echeance; part; instalment; tranche
type text 0.6: type piece; type document; type facture; document type; type; nature; type de piece; invoice type;
  belegart; code piece
issued_on date 1.4: date facture; date de facture; date piece; date document; date de piece; invoice date;
  document date; date emission; date d emission; issue date; issued on; rechnungsdatum; belegdatum;
  fecha factura; date; fecha; date ecriture; date comptable; posting date
due_on date 2.2: date echeance; date d echeance; echeance; due date; net due date; due on; due; falligkeit;
  falligkeitsdatum; faelligkeit; faelligkeitsdatum; fecha vencimiento; vencimiento; echeance le;
  date limite de paiement; payment due date
amount amount 1.4: montant ttc; montant facture; total ttc; montant initial; montant origine; montant d origine;
  invoice amount; original amount; gross amount; invoice total; montant; amount; ttc; total; betrag; importe;
  amount in document currency; amount in local currency; montant piece; bruttobetrag
open amount 1.6: reste du; reste a payer; reste a regler; solde du; solde; montant du; montant ouvert;
  open amount; outstanding amount; outstanding; amount due; restant du; solde restant; montant restant;
  remaining; remaining amount; balance; offen; offener betrag; saldo; pendiente; restant; montant non regle;
  balance due; encours
paid amount 0.7: montant regle; regle; montant paye; paye; paid; amount paid; paid amount; deja regle;
  montant lettre; acompte; bezahlt
debit amount 0.8: debit; montant debit; soll; debe
credit amount 0.8: credit; montant credit; haben; haber
"""
    + SIGN
    + CURRENCY
    + """
order_ref text 0.4: commande; numero commande; n commande; order; sales order; order number; order ref
purchase_order text 0.4: commande client; purchase order; po number; ref commande client; votre reference; po;
  customer reference
delivery_ref text 0.4: bon de livraison; bl; n bl; delivery note; livraison
label text 0.4: libelle; libelle ecriture; description; texte; text; objet; commentaire; label; designation;
  ecriture lib
payment_method text 0.4: mode de reglement; mode reglement; payment method; moyen de paiement; mode de paiement
payment_reference text 0.3: reference de paiement; payment reference; reference paiement
ledger_account text 0.5: compte collectif; compte general; ledger account; gl account; collectif; compte num
posted_on date 0.4: date comptable; posting date; date de comptabilisation; buchungsdatum
"""
)
_CREDIT_NOTE = r"(?i)\b(avoir|avoirs|av|credit ?note|credit ?memo|cn|gutschrift|abono|rc|note de credit)\b"
# What stands on a customer's account without an invoice: advances, and payments that nobody applied yet.
_DOWN_PAYMENT = r"(?i)\b(acompte|down ?payment|anzahlung|avance|r[eè]glement|paiement|payment|encaissement|zahlung)\b"
_DEBIT_NOTE = r"(?i)\b(note de debit|debit ?note)\b"
_RETENTION = r"(?i)\b(retenue|rg|retention)\b"


def _build(parsed: Parsed, issues: Issues) -> Built:
    day = parsed.as_of
    rows = _amounts(with_customer_id(parsed))
    dated = _dates(rows, issues)
    kept = _numbered(parsed, dated.filter(pl.col("amount") != 0))
    items = kept.select(
        "line",
        "item_id", "customer_id", "ledger_account", "number", "part", "issued_on", "due_on", "amount", "currency",
        "payment_method", "payment_reference", "order_ref", "purchase_order", "delivery_ref", "label", "posted_on",
        entity_id=pl.lit(parsed.entity), kind=_item_kind(),
    )  # fmt: skip
    customers = customers_of(kept, parsed.entity)
    settled = _settled(kept, day)
    open_sum = _sums(kept, "open")
    facts: dict[str, object] = {
        "items": items.height,
        "customers": customers.height,
        "open_minor_by_currency": open_sum,
        "snapshot_on": day.isoformat() if day else None,
        "to": day.isoformat() if day else None,
        "mode": "snapshot",
    }
    return Built({"customers": customers, "items": items, "allocations": settled}, facts)


def _amounts(rows: pl.DataFrame) -> pl.DataFrame:
    """`amount` (as invoiced) and `open`, from whichever of amount, open, paid, debit and credit the sheet has."""
    sided = pl.when(pl.col("debit").is_not_null() | pl.col("credit").is_not_null()).then(
        pl.col("debit").fill_null(0) - pl.col("credit").fill_null(0)
    )
    credit_note = pl.coalesce(pl.col("type").str.contains(_CREDIT_NOTE), pl.lit(False))
    gross = pl.coalesce("amount", sided)
    opened = pl.coalesce(pl.col("open"), gross - pl.col("paid"), gross)
    shaped = rows.with_columns(amount=pl.coalesce(gross, opened), open=opened)
    # Some exports print credit notes without a sign and say `avoir` in the type only.
    unsigned = credit_note & (pl.col("amount") > 0)
    return shaped.with_columns(
        amount=pl.when(unsigned).then(-pl.col("amount")).otherwise("amount"),
        open=pl.when(unsigned).then(-pl.col("open").abs()).otherwise("open"),
    )


def _dates(rows: pl.DataFrame, issues: Issues) -> pl.DataFrame:
    without_due = rows.filter(pl.col("due_on").is_null() & pl.col("issued_on").is_not_null())
    if without_due.height:
        issues.add(
            "due_date_missing",
            f"{without_due.height} lines have no due date; they count as due on their invoice date",
            line=without_due["line"][0],
            severity="warning",
            action="Map the due-date column, or give the customer's payment terms.",
        )
    issued = pl.coalesce("issued_on", "posted_on", "due_on")
    return rows.with_columns(issued_on=issued, due_on=pl.coalesce("due_on", issued))


def _numbered(parsed: Parsed, rows: pl.DataFrame) -> pl.DataFrame:
    """Ids `<entity>:<customer>:<number>`, with the part or, where one number has several due dates, that date."""
    base = pl.concat_str(["customer_id", pl.lit(":"), pl.col("number").str.strip_chars()])
    shared = pl.len().over("customer_id", "number") > 1
    due = pl.col("due_on").cast(pl.String)
    told = rows.with_columns(base=base, told=pl.coalesce("part", pl.when(shared).then(due)))
    key = pl.when(pl.col("told").is_null()).then("base").otherwise(pl.concat_str(["base", "told"], separator=":"))
    keyed = told.with_columns(item_id=key)
    twin = pl.col("item_id").cum_count().over("item_id")
    ordinal = pl.col("due_on").rank("ordinal").over("customer_id", "number").cast(pl.String)
    return keyed.with_columns(
        item_id=pl.when(twin > 1).then(pl.format("{}:{}", "item_id", twin)).otherwise("item_id"),
        part=pl.coalesce("part", pl.when(shared).then(ordinal)),
    ).drop("base", "told")


def _item_kind() -> pl.Expr:
    kind = pl.when(pl.col("amount") < 0).then(pl.lit("credit_note")).otherwise(pl.lit("invoice"))
    said = pl.col("type").fill_null("")
    for name, pattern in (("retention", _RETENTION), ("debit_note", _DEBIT_NOTE), ("down_payment", _DOWN_PAYMENT)):
        kind = pl.when(said.str.contains(pattern)).then(pl.lit(name)).otherwise(kind)
    return kind


def _settled(rows: pl.DataFrame, day: date | None) -> pl.DataFrame:
    """What the ERP has already taken off: a `ledger` settlement known on the sheet's day."""
    part = rows.filter(pl.col("open") != pl.col("amount"))
    last = rows.select(pl.max_horizontal(pl.col("issued_on").max(), pl.col("posted_on").max())).item()
    return part.select(
        "item_id",
        allocation_id=pl.format("{}:open", "item_id"),
        amount=pl.col("amount") - pl.col("open"),
        kind=pl.lit("ledger"),
        allocated_on=pl.max_horizontal(pl.lit(day or last, dtype=pl.Date), "issued_on"),
        earliest_on="issued_on",
        source=pl.lit("open_amount"),
    )


def _sums(rows: pl.DataFrame, column: str) -> dict[str, int]:
    totals = rows.group_by("currency").agg(pl.col(column).sum()).sort("currency")
    return dict(totals.iter_rows())


KIND = Kind(
    name="open_items",
    title="Open items",
    fields=_FIELDS,
    required=(("number",), ("amount", "open", "debit", "credit"), ("customer_code", "customer_name")),
    needed=(
        ("number",),
        ("amount", "open", "debit", "credit"),
        ("customer_code", "customer_name"),
        ("issued_on", "due_on", "posted_on"),
    ),
    build=_build,
    total_field="open",
)
