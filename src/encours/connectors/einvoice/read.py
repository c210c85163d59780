"""Reading one e-invoice: UBL or CII as XML, Factur-X and ZUGFeRD inside a PDF; the original stays as a document."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import polars as pl
from lxml import etree

from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.xml import HostileXmlError, parse
from encours.connectors.einvoice.attached import UnreadablePdfError, attached_invoice
from encours.connectors.einvoice.invoice import DEBIT_TYPES, NO_CLAIM_TYPES, Invoice, Party, day_in_text, read_invoice
from encours.connectors.einvoice.terms import syntax_of
from encours.core.base.issue import Issues
from encours.core.base.money import AmountError, is_currency, to_minor

_FILE_BYTES_MAX = 200 << 20
_ROOTS = re.compile(rb"<(?:[\w.-]+:)?(CrossIndustryInvoice|CrossIndustryDocument|Invoice|CreditNote)[\s>]")
_NAMESPACES = (b"urn:un:unece:uncefact:data:standard:C", b"urn:ferd:", b"urn:oasis:names:specification:ubl")
_PDF_MARKS = (b"factur-x.xml", b"xrechnung.xml", b"zugferd-invoice.xml", b"urn:factur-x", b"urn:zugferd", b"urn:ferd")


def sniff(head: bytes, name: str) -> float:
    """1 for the XML's root, 0.9 for a PDF whose head names the invoice inside, 0.45 for any PDF, else 0."""
    if head.startswith(b"%PDF") or b"%PDF-" in head[:1024]:
        return 0.9 if any(mark in head.lower() for mark in _PDF_MARKS) else 0.45
    plain = head.replace(b"\x00", b"")
    if _ROOTS.search(plain) and any(space in plain for space in _NAMESPACES):
        return 1.0
    return 0.0


def confirm(source: Source) -> bool:
    """Whether a PDF really carries an invoice: its attachments may lie anywhere in the file."""
    head = source.head(1024)
    if b"%PDF-" not in head:
        return True
    try:
        return attached_invoice(_bytes(source)) is not None
    except (UnreadablePdfError, OSError):
        return any(mark in source.head().lower() for mark in _PDF_MARKS)


def read(source: Source, options: Options) -> Reading:
    """The invoice as customer, items (one a due date), a prepaid part as allocation, and its original as document.

    An invoice that the entity received, and a document that claims nothing, give no row but an issue.
    """
    issues = Issues(source.name)
    root = _root(source, issues)
    syntax = syntax_of(root) if root is not None else None
    if root is None or syntax is None:
        if root is not None:
            issues.add("not_an_invoice", f"the document is a {_local(root)}, no invoice", line=1)
        return Reading("einvoice", {}, issues.frame(), options.entity_id)
    invoice = read_invoice(syntax, root)
    facts = _facts(invoice)
    entity = options.entity_id or _entity(invoice.seller)
    if _refused(invoice, options.entity_id, issues) or not _complete(invoice, entity, issues):
        return Reading("einvoice", {}, issues.frame(), entity, facts)
    tables = _tables(source, invoice, str(entity), issues)
    return Reading("einvoice", tables, issues.frame(), entity, facts)


def _bytes(source: Source) -> bytes:
    if source.path.stat().st_size > _FILE_BYTES_MAX:
        raise UnreadablePdfError("the file is larger than 200 MB")
    return source.path.read_bytes()


def _root(source: Source, issues: Issues) -> Any:
    try:
        data = _bytes(source)
        if b"%PDF-" in data[:1024]:
            found = attached_invoice(data)
            if found is None:
                issues.add("no_invoice_inside", "the PDF carries no invoice as XML", action="Import it as a document.")
                return None
            data = found
        return parse(data)
    except HostileXmlError as error:
        issues.add("hostile_xml", str(error), line=1, action="Ask the sender for a clean file.")
    except etree.XMLSyntaxError as error:
        issues.add("xml_broken", f"the XML is broken: {error.msg}", line=error.lineno, action="Ask for the file again.")
    except (UnreadablePdfError, OSError) as error:
        issues.add("pdf_unreadable", str(error), action="Ask for the file again.")
    return None


def _local(root: Any) -> str:
    return str(root.tag).rsplit("}", 1)[-1]


def _facts(invoice: Invoice) -> dict[str, object]:
    def said(value: object) -> object:
        return str(value) if isinstance(value, Decimal) else value.isoformat() if isinstance(value, date) else value

    names = ("syntax", "root", "number", "type", "issued_on", "currency", "total", "payable", "net", "tax", "prepaid")
    facts = {name: said(getattr(invoice, name)) for name in (*names, "lines", "profile")}
    due = [day.isoformat() for day, _ in invoice.parts]
    return {**facts, "due_on": due, "seller": invoice.seller.name, "buyer": invoice.buyer.name}


def _entity(seller: Party) -> str | None:
    """The seller's SIREN, else its VAT id, legal id, own id; else its name."""
    known = seller.siren or seller.vat_id or seller.legal_id or seller.own_id or seller.global_id or seller.name
    return re.sub(r"[^A-Za-z0-9]+", "-", known).strip("-") or None if known else None


def _refused(invoice: Invoice, entity: str | None, issues: Issues) -> bool:
    plain = re.sub(r"\W", "", entity).upper() if entity else None
    if plain and plain in invoice.buyer.keys() - invoice.seller.keys():
        issues.add(
            "invoice_received",
            f"{entity} is the buyer of invoice {invoice.number}: a supplier's invoice is no receivable",
            severity="warning",
            action="Leave it out, or give the entity that sold.",
        )
        return True
    if invoice.type in NO_CLAIM_TYPES:
        issues.add("no_claim", f"document type {invoice.type} claims no payment", severity="info")
        return True
    return False


def _complete(invoice: Invoice, entity: str | None, issues: Issues) -> bool:
    absent = [
        name
        for name, value in (
            ("number (BT-1)", invoice.number),
            ("issue date (BT-2)", invoice.issued_on),
            ("total with VAT (BT-112)", invoice.total),
            ("seller (BT-27)", entity),
        )
        if value is None
    ]
    for name in absent:
        issues.add("term_missing", f"the invoice has no {name}", action="Ask the sender for a complete invoice.")
    if invoice.currency is None:
        issues.add("currency_missing", "nothing says the currency", action="Ask the sender for a complete invoice.")
    elif not is_currency(invoice.currency):
        issues.add("currency_unknown", f"{invoice.currency!r} is no ISO 4217 currency")
    if invoice.buyer.name is None and not invoice.buyer.keys():
        issues.add("term_missing", "the invoice names no buyer (BT-44)")
        return False
    return not absent and is_currency(invoice.currency)


def _tables(source: Source, invoice: Invoice, entity: str, issues: Issues) -> dict[str, pl.DataFrame]:
    currency = str(invoice.currency)
    total = _minor(invoice.total, currency, issues)
    if total is None:
        return {}
    # A credit note prints what it gives back without a sign; some senders print the minus too.
    sign = -1 if invoice.is_credit_note else 1
    amount = -abs(total) if invoice.is_credit_note else total
    customer_id = f"{entity}:{_customer_key(invoice.buyer)}"
    parts = _split(invoice, amount, currency, issues)
    items = _items(invoice, entity, customer_id, parts, issues)
    tables = {
        "customers": _customer(invoice.buyer, entity, customer_id),
        "items": items,
        "documents": _documents(source, items),
    }
    prepaid = _minor(invoice.prepaid, currency, issues) if invoice.prepaid else None
    if prepaid:
        tables["allocations"] = _prepaid(invoice, items, sign * prepaid)
    _check_sums(invoice, issues)
    return tables


def _minor(value: Decimal | None, currency: str, issues: Issues) -> int | None:
    try:
        return to_minor(value, currency) if value is not None else None
    except AmountError as error:
        issues.add("amount_invalid", str(error), action="Ask the sender for a correct invoice.")
        return None


def _split(invoice: Invoice, amount: int, currency: str, issues: Issues) -> list[tuple[date, int]]:
    """(due date, amount) of each part; one part where the terms' amounts are absent or do not make the total."""
    issued = invoice.issued_on or date.min
    amounts = [_minor(part, currency, issues) for _, part in invoice.parts]
    sign = -1 if amount < 0 else 1
    stated = [part for part in amounts if part is not None]
    if len(amounts) > 1 and len(stated) == len(amounts):
        rest = abs(amount) - sum(abs(part) for part in stated)
        prepaid = abs(_minor(invoice.prepaid, currency, issues) or 0) if invoice.prepaid else 0
        if rest in (0, prepaid):
            # What was paid in advance belongs to the first part: it was due first.
            first = [(invoice.parts[0][0], sign * (abs(stated[0]) + rest))]
            return first + [
                (day, sign * abs(part)) for (day, _), part in zip(invoice.parts[1:], stated[1:], strict=True)
            ]
        issues.add(
            "instalments_differ",
            "the instalments do not sum to the invoice; it stands as one item with its last due date",
            severity="warning",
        )
    if invoice.parts:
        return [(invoice.parts[-1][0], amount)]
    named = day_in_text(invoice.terms_text, issued)
    if named is None and amount > 0:
        issues.add(
            "due_date_missing",
            "the invoice gives no due date (BT-9); it counts as due on its issue date",
            severity="warning",
            action="Give the customer's payment terms.",
        )
    return [(named or issued, amount)]


def _items(
    invoice: Invoice, entity: str, customer_id: str, parts: list[tuple[date, int]], issues: Issues
) -> pl.DataFrame:
    kind = "credit_note" if invoice.is_credit_note or parts[0][1] < 0 else "invoice"
    if invoice.type in DEBIT_TYPES and kind == "invoice":
        kind = "debit_note"
    base = f"{entity}:{invoice.number}"
    rows = [
        {
            "item_id": base if len(parts) == 1 else f"{base}:{place}",
            "entity_id": entity,
            "customer_id": customer_id,
            "number": invoice.number,
            "part": None if len(parts) == 1 else str(place),
            "kind": kind,
            "issued_on": invoice.issued_on,
            "due_on": day,
            "amount": amount,
            "currency": invoice.currency,
            "payment_method": invoice.payment_method,
            "payment_reference": invoice.payment_reference,
            "order_ref": invoice.order_ref,
            "purchase_order": invoice.purchase_order,
            "delivery_ref": invoice.delivery_ref,
        }
        for place, (day, amount) in enumerate(parts, start=1)
    ]
    texts = ("part", "payment_method", "payment_reference", "order_ref", "purchase_order", "delivery_ref")
    return pl.DataFrame(rows, schema_overrides={name: pl.String() for name in texts})


def _customer_key(buyer: Party) -> str:
    """The seller's own number for the buyer (BT-46), else SIREN, VAT id, legal id, else the name."""
    own = buyer.own_id or buyer.siren or buyer.vat_id or buyer.legal_id or buyer.global_id
    return own.strip() if own else re.sub(r"[^\w]+", "-", str(buyer.name).upper()).strip("-")


def _customer(buyer: Party, entity: str, customer_id: str) -> pl.DataFrame:
    country = buyer.country if buyer.country and re.fullmatch(r"[A-Z]{2}", buyer.country) else None
    row = {
        "customer_id": customer_id,
        "entity_id": entity,
        "party_id": buyer.siren or buyer.vat_id,
        "name": " ".join((buyer.name or customer_id).split()),
        "kind": "business",
        "legal_id": buyer.siren or buyer.legal_id,
        "vat_id": buyer.vat_id,
        "country": country,
    }
    return pl.DataFrame([row], schema=dict.fromkeys(row, pl.String()))


def _documents(source: Source, items: pl.DataFrame) -> pl.DataFrame:
    digest = sha256(source.path.read_bytes()).hexdigest()
    return items.select(
        "item_id",
        document_id=pl.format("{}:einvoice", "item_id"),
        kind=pl.lit("e_invoice"),
        path=pl.lit(source.name),
        sha256=pl.lit(digest),
    )


def _prepaid(invoice: Invoice, items: pl.DataFrame, prepaid: int) -> pl.DataFrame:
    """What was paid before the invoice came: cash without a receipt, on the parts in order of due date."""
    rest, rows = prepaid, []
    for item_id, amount in items.select("item_id", "amount").iter_rows():
        taken = max(min(rest, amount), 0) if amount > 0 else min(max(rest, amount), 0)
        rest -= taken
        if taken:
            rows.append((f"{item_id}:prepaid", item_id, taken, "cash", invoice.issued_on, "prepaid"))
    names = ("allocation_id", "item_id", "amount", "kind", "allocated_on", "source")
    types = (pl.String(), pl.String(), pl.Int64(), pl.String(), pl.Date(), pl.String())
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")


def _check_sums(invoice: Invoice, issues: Issues) -> None:
    if invoice.total is None or invoice.payable is None:
        return
    owed = invoice.total - (invoice.prepaid or 0) + (invoice.rounding or 0)
    if owed != invoice.payable:
        issues.add(
            "payable_differs",
            f"total {invoice.total} less prepaid {invoice.prepaid or 0} is not the amount due {invoice.payable}",
            severity="warning",
            action="Check what was prepaid with the sender.",
        )
