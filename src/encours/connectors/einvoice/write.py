"""Writing e-invoices: CII and UBL after EN 16931, and Factur-X as a PDF that carries the CII."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

from encours.core.base.money import to_decimal

#: The guideline (BT-24) of EN 16931 without national additions.
GUIDELINE = "urn:cen.eu:en16931:2017"
_INVOICE, _CREDIT_NOTE = "380", "381"


@dataclass(frozen=True)
class PartyWritten:
    """Seller or buyer: a name, a SIREN where there is one, a VAT id, and a country."""

    name: str
    siren: str | None = None
    vat_id: str | None = None
    country: str = "FR"


@dataclass(frozen=True)
class InvoiceWritten:
    """One invoice or credit note of one VAT rate; amounts in minor units, positive, `vat_rate` in hundredths of a %."""

    number: str
    issued_on: date
    due_on: date | None
    currency: str
    seller: PartyWritten
    buyer: PartyWritten
    net: int
    vat: int
    vat_rate: int
    label: str
    credits: str | None = None
    purchase_order: str | None = None
    iban: str | None = None

    @property
    def total(self) -> int:
        """Net and VAT."""
        return self.net + self.vat

    @property
    def type_code(self) -> str:
        """UNTDID 1001: 381 where it credits an invoice, else 380."""
        return _CREDIT_NOTE if self.credits else _INVOICE

    def money(self, minor: int) -> str:
        """A decimal amount with the currency's decimals."""
        return f"{to_decimal(minor, self.currency):f}"

    @property
    def percent(self) -> str:
        """The VAT rate as a percentage."""
        return f"{self.vat_rate / 100:.2f}"


def cii_xml(invoice: InvoiceWritten) -> bytes:
    """The invoice as UN/CEFACT Cross Industry Invoice D16B, profile EN 16931."""
    body = (
        f"<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>{GUIDELINE}</ram:ID>"
        "</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>"
        f"<rsm:ExchangedDocument><ram:ID>{escape(invoice.number)}</ram:ID><ram:TypeCode>{invoice.type_code}</ram:TypeCode>"
        f"<ram:IssueDateTime>{_cii_day(invoice.issued_on)}</ram:IssueDateTime></rsm:ExchangedDocument>"
        f"<rsm:SupplyChainTradeTransaction>{_cii_line(invoice)}{_cii_agreement(invoice)}"
        f"<ram:ApplicableHeaderTradeDelivery/>{_cii_settlement(invoice)}</rsm:SupplyChainTradeTransaction>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rsm:CrossIndustryInvoice '
        'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
        'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
        'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">'
        f"{body}</rsm:CrossIndustryInvoice>\n"
    ).encode()


def _cii_day(day: date) -> str:
    return f'<udt:DateTimeString format="102">{day:%Y%m%d}</udt:DateTimeString>'


def _cii_line(invoice: InvoiceWritten) -> str:
    net = invoice.money(invoice.net)
    return (
        "<ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument><ram:LineID>1</ram:LineID>"
        "</ram:AssociatedDocumentLineDocument>"
        f"<ram:SpecifiedTradeProduct><ram:Name>{escape(invoice.label)}</ram:Name></ram:SpecifiedTradeProduct>"
        f"<ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>{net}</ram:ChargeAmount>"
        "</ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>"
        '<ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">1</ram:BilledQuantity>'
        "</ram:SpecifiedLineTradeDelivery><ram:SpecifiedLineTradeSettlement>"
        f"<ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode>"
        f"<ram:RateApplicablePercent>{invoice.percent}</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
        "<ram:SpecifiedTradeSettlementLineMonetarySummation>"
        f"<ram:LineTotalAmount>{net}</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>"
        "</ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>"
    )


def _cii_party(tag: str, party: PartyWritten) -> str:
    legal = (
        f'<ram:SpecifiedLegalOrganization><ram:ID schemeID="0002">{party.siren}</ram:ID>'
        "</ram:SpecifiedLegalOrganization>"
        if party.siren
        else ""
    )
    vat = (
        f'<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{party.vat_id}</ram:ID></ram:SpecifiedTaxRegistration>'
        if party.vat_id
        else ""
    )
    address = f"<ram:PostalTradeAddress><ram:CountryID>{party.country}</ram:CountryID></ram:PostalTradeAddress>"
    return f"<ram:{tag}><ram:Name>{escape(party.name)}</ram:Name>{legal}{address}{vat}</ram:{tag}>"


def _cii_agreement(invoice: InvoiceWritten) -> str:
    order = (
        "<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>"
        f"{escape(invoice.purchase_order)}</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>"
        if invoice.purchase_order
        else ""
    )
    return (
        f"<ram:ApplicableHeaderTradeAgreement>{_cii_party('SellerTradeParty', invoice.seller)}"
        f"{_cii_party('BuyerTradeParty', invoice.buyer)}{order}</ram:ApplicableHeaderTradeAgreement>"
    )


def _cii_settlement(invoice: InvoiceWritten) -> str:
    means = (
        "<ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>30</ram:TypeCode><ram:PayeePartyCreditorFinancialAccount>"
        f"<ram:IBANID>{invoice.iban}</ram:IBANID></ram:PayeePartyCreditorFinancialAccount>"
        "</ram:SpecifiedTradeSettlementPaymentMeans>"
        if invoice.iban
        else ""
    )
    terms = (
        f"<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime>{_cii_day(invoice.due_on)}</ram:DueDateDateTime>"
        "</ram:SpecifiedTradePaymentTerms>"
        if invoice.due_on
        else ""
    )
    before = (
        f"<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>{escape(invoice.credits)}</ram:IssuerAssignedID>"
        "</ram:InvoiceReferencedDocument>"
        if invoice.credits
        else ""
    )
    net, vat, total = (invoice.money(value) for value in (invoice.net, invoice.vat, invoice.total))
    return (
        f"<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>{invoice.currency}</ram:InvoiceCurrencyCode>"
        f"{means}<ram:ApplicableTradeTax><ram:CalculatedAmount>{vat}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>"
        f"<ram:BasisAmount>{net}</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode>"
        f"<ram:RateApplicablePercent>{invoice.percent}</ram:RateApplicablePercent></ram:ApplicableTradeTax>{terms}"
        "<ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        f"<ram:LineTotalAmount>{net}</ram:LineTotalAmount><ram:TaxBasisTotalAmount>{net}</ram:TaxBasisTotalAmount>"
        f'<ram:TaxTotalAmount currencyID="{invoice.currency}">{vat}</ram:TaxTotalAmount>'
        f"<ram:GrandTotalAmount>{total}</ram:GrandTotalAmount><ram:DuePayableAmount>{total}</ram:DuePayableAmount>"
        f"</ram:SpecifiedTradeSettlementHeaderMonetarySummation>{before}</ram:ApplicableHeaderTradeSettlement>"
    )


def ubl_xml(invoice: InvoiceWritten) -> bytes:
    """The invoice as UBL 2.1 Invoice or CreditNote after EN 16931."""
    note = invoice.credits is not None
    root = "CreditNote" if note else "Invoice"
    # UBL has no due date on a credit note but in its payment means.
    due = f"<cbc:DueDate>{invoice.due_on}</cbc:DueDate>" if invoice.due_on and not note else ""
    order = f"<cac:OrderReference><cbc:ID>{escape(invoice.purchase_order or '')}</cbc:ID></cac:OrderReference>"
    before = (
        f"<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{escape(invoice.credits)}</cbc:ID>"
        "</cac:InvoiceDocumentReference></cac:BillingReference>"
        if invoice.credits
        else ""
    )
    body = (
        f"<cbc:CustomizationID>{GUIDELINE}</cbc:CustomizationID><cbc:ID>{escape(invoice.number)}</cbc:ID>"
        f"<cbc:IssueDate>{invoice.issued_on}</cbc:IssueDate>{due}"
        f"<cbc:{root}TypeCode>{invoice.type_code}</cbc:{root}TypeCode>"
        f"<cbc:DocumentCurrencyCode>{invoice.currency}</cbc:DocumentCurrencyCode>"
        f"{order if invoice.purchase_order else ''}{before}"
        f"{_ubl_party('AccountingSupplierParty', invoice.seller)}{_ubl_party('AccountingCustomerParty', invoice.buyer)}"
        f"{_ubl_means(invoice)}{_ubl_totals(invoice)}{_ubl_line(invoice, root)}"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" '
        'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
        f'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">{body}</{root}>\n'
    ).encode()


def _ubl_party(tag: str, party: PartyWritten) -> str:
    vat = (
        f"<cac:PartyTaxScheme><cbc:CompanyID>{party.vat_id}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID>"
        "</cac:TaxScheme></cac:PartyTaxScheme>"
        if party.vat_id
        else ""
    )
    siren = f'<cbc:CompanyID schemeID="0002">{party.siren}</cbc:CompanyID>' if party.siren else ""
    return (
        f"<cac:{tag}><cac:Party><cac:PartyName><cbc:Name>{escape(party.name)}</cbc:Name></cac:PartyName>"
        f"<cac:PostalAddress><cac:Country><cbc:IdentificationCode>{party.country}</cbc:IdentificationCode></cac:Country>"
        f"</cac:PostalAddress>{vat}<cac:PartyLegalEntity><cbc:RegistrationName>{escape(party.name)}</cbc:RegistrationName>"
        f"{siren}</cac:PartyLegalEntity></cac:Party></cac:{tag}>"
    )


def _ubl_means(invoice: InvoiceWritten) -> str:
    due = f"<cbc:PaymentDueDate>{invoice.due_on}</cbc:PaymentDueDate>" if invoice.credits and invoice.due_on else ""
    account = (
        f"<cac:PayeeFinancialAccount><cbc:ID>{invoice.iban}</cbc:ID></cac:PayeeFinancialAccount>"
        if invoice.iban
        else ""
    )
    return f"<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>{due}{account}</cac:PaymentMeans>"


def _ubl_amount(tag: str, minor: int, invoice: InvoiceWritten) -> str:
    return f'<cbc:{tag} currencyID="{invoice.currency}">{invoice.money(minor)}</cbc:{tag}>'


def _ubl_category(tag: str, invoice: InvoiceWritten) -> str:
    return (
        f"<cac:{tag}><cbc:ID>S</cbc:ID><cbc:Percent>{invoice.percent}</cbc:Percent>"
        f"<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:{tag}>"
    )


def _ubl_totals(invoice: InvoiceWritten) -> str:
    return (
        f"<cac:TaxTotal>{_ubl_amount('TaxAmount', invoice.vat, invoice)}<cac:TaxSubtotal>"
        f"{_ubl_amount('TaxableAmount', invoice.net, invoice)}{_ubl_amount('TaxAmount', invoice.vat, invoice)}"
        f"{_ubl_category('TaxCategory', invoice)}</cac:TaxSubtotal></cac:TaxTotal><cac:LegalMonetaryTotal>"
        f"{_ubl_amount('LineExtensionAmount', invoice.net, invoice)}"
        f"{_ubl_amount('TaxExclusiveAmount', invoice.net, invoice)}"
        f"{_ubl_amount('TaxInclusiveAmount', invoice.total, invoice)}"
        f"{_ubl_amount('PayableAmount', invoice.total, invoice)}</cac:LegalMonetaryTotal>"
    )


def _ubl_line(invoice: InvoiceWritten, root: str) -> str:
    quantity = "CreditedQuantity" if root == "CreditNote" else "InvoicedQuantity"
    return (
        f'<cac:{root}Line><cbc:ID>1</cbc:ID><cbc:{quantity} unitCode="C62">1</cbc:{quantity}>'
        f"{_ubl_amount('LineExtensionAmount', invoice.net, invoice)}"
        f"<cac:Item><cbc:Name>{escape(invoice.label)}</cbc:Name>"
        f"{_ubl_category('ClassifiedTaxCategory', invoice)}</cac:Item>"
        f"<cac:Price>{_ubl_amount('PriceAmount', invoice.net, invoice)}</cac:Price></cac:{root}Line>"
    )


_PAGE = """
#set page(paper: "a4", margin: 2.2cm)
#set text(size: 10pt, lang: "fr")
#let d = json(bytes(sys.inputs.invoice))
#text(size: 14pt, weight: "bold")[#d.seller] \\
SIREN #d.siren #h(1fr) #text(size: 14pt)[#d.title #d.number]
#v(1cm)
#align(right)[#d.buyer]
#v(1cm)
Date : #d.issued #h(1fr) Échéance : #d.due
#v(0.6cm)
#table(columns: (1fr, auto, auto, auto), inset: 7pt, stroke: 0.4pt,
  [*Désignation*], [*HT*], [*TVA #d.percent %*], [*TTC*],
  [#d.label], align(right)[#d.net], align(right)[#d.vat], align(right)[#d.total])
#v(0.6cm)
Net à payer : *#d.total #d.currency* \\
IBAN : #d.iban
"""


def facturx_pdf(invoice: InvoiceWritten) -> bytes:
    """The invoice as Factur-X: a page for people with the CII inside it. Needs typst and factur-x."""
    import json

    import typst
    from facturx import generate_from_binary

    shown = {
        "seller": invoice.seller.name,
        "siren": invoice.seller.siren or "",
        "title": "Avoir" if invoice.credits else "Facture",
        "number": invoice.number,
        "buyer": invoice.buyer.name,
        "issued": f"{invoice.issued_on:%d/%m/%Y}",
        "due": f"{invoice.due_on:%d/%m/%Y}" if invoice.due_on else "",
        "percent": invoice.percent.replace(".", ","),
        "label": invoice.label,
        "net": invoice.money(invoice.net).replace(".", ","),
        "vat": invoice.money(invoice.vat).replace(".", ","),
        "total": invoice.money(invoice.total).replace(".", ","),
        "currency": invoice.currency,
        "iban": invoice.iban or "",
    }
    page = typst.compile(_PAGE.encode(), sys_inputs={"invoice": json.dumps(shown)}, pdf_standards="a-3b")
    return bytes(
        generate_from_binary(page, cii_xml(invoice), flavor="factur-x", level="en16931", check_xsd=True, lang="fr")
    )


def write_einvoice(invoice: InvoiceWritten, path: Path, syntax: str) -> None:
    """The invoice as a file; `syntax` is cii, ubl or facturx."""
    writers = {"cii": cii_xml, "ubl": ubl_xml, "facturx": facturx_pdf}
    if syntax not in writers:
        raise ValueError(f"{syntax!r} is not one of {', '.join(writers)}")
    path.write_bytes(writers[syntax](invoice))
