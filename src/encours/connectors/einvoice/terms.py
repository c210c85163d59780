"""Where each business term (BT, BG of EN 16931) stands in UBL, in CII and in ZUGFeRD 1.0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_AGREEMENT = "SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement/"
_SETTLEMENT = "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement/"
_SUM = _SETTLEMENT + "SpecifiedTradeSettlementHeaderMonetarySummation/"
_AGREEMENT_1 = "SpecifiedSupplyChainTradeTransaction/ApplicableSupplyChainTradeAgreement/"
_SETTLEMENT_1 = "SpecifiedSupplyChainTradeTransaction/ApplicableSupplyChainTradeSettlement/"
_SUM_1 = _SETTLEMENT_1 + "SpecifiedTradeSettlementMonetarySummation/"


@dataclass(frozen=True)
class Syntax:
    """One XML syntax: the local name of its root, and a path below the root for each term; `|` parts alternatives."""

    name: str
    roots: tuple[str, ...]
    paths: dict[str, str]


def _party(prefix: str, party: str) -> dict[str, str]:
    """Name, legal id, VAT id, own identifier and country of a CII party."""
    base = f"{prefix}{party}/"
    return {
        "name": base + "Name",
        "legal_id": base + "SpecifiedLegalOrganization/ID",
        "tax_ids": base + "SpecifiedTaxRegistration/ID",
        "id": base + "ID",
        "global_id": base + "GlobalID",
        "country": base + "PostalTradeAddress/CountryID",
        "email": base + "DefinedTradeContact/EmailURIUniversalCommunication/URIID",
    }


def _ubl_party(role: str) -> dict[str, str]:
    base = f"{role}/Party/"
    return {
        "name": base + "PartyLegalEntity/RegistrationName|" + base + "PartyName/Name",
        "legal_id": base + "PartyLegalEntity/CompanyID",
        "tax_ids": base + "PartyTaxScheme/CompanyID",
        "id": base + "PartyIdentification/ID",
        "global_id": base + "EndpointID",
        "country": base + "PostalAddress/Country/IdentificationCode",
        "email": base + "Contact/ElectronicMail",
    }


def _prefixed(prefix: str, paths: dict[str, str]) -> dict[str, str]:
    return {f"{prefix}_{name}": path for name, path in paths.items()}


CII = Syntax(
    "CII",
    ("CrossIndustryInvoice",),
    {
        "number": "ExchangedDocument/ID",  # BT-1
        "issued_on": "ExchangedDocument/IssueDateTime",  # BT-2
        "type": "ExchangedDocument/TypeCode",  # BT-3
        "currency": _SETTLEMENT + "InvoiceCurrencyCode",  # BT-5
        "due_on": _SETTLEMENT + "SpecifiedTradePaymentTerms/DueDateDateTime",  # BT-9
        "terms": _SETTLEMENT + "SpecifiedTradePaymentTerms",  # BT-20 and its parts
        "terms_text": _SETTLEMENT + "SpecifiedTradePaymentTerms/Description",  # BT-20
        "payment_reference": _SETTLEMENT + "PaymentReference",  # BT-83
        "payment_method": _SETTLEMENT + "SpecifiedTradeSettlementPaymentMeans/TypeCode",  # BT-81
        "purchase_order": _AGREEMENT + "BuyerOrderReferencedDocument/IssuerAssignedID",  # BT-13
        "order_ref": _AGREEMENT + "SellerOrderReferencedDocument/IssuerAssignedID",  # BT-14
        "delivery_ref": "SupplyChainTradeTransaction/ApplicableHeaderTradeDelivery/"
        "DespatchAdviceReferencedDocument/IssuerAssignedID",  # BT-16
        "profile": "ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID",  # BT-24
        "net": _SUM + "TaxBasisTotalAmount",  # BT-109
        "tax": _SUM + "TaxTotalAmount",  # BT-110
        "total": _SUM + "GrandTotalAmount",  # BT-112
        "prepaid": _SUM + "TotalPrepaidAmount",  # BT-113
        "rounding": _SUM + "RoundingAmount",  # BT-114
        "payable": _SUM + "DuePayableAmount",  # BT-115
        "lines": "SupplyChainTradeTransaction/IncludedSupplyChainTradeLineItem",  # BG-25
        **_prefixed("seller", _party(_AGREEMENT, "SellerTradeParty")),  # BG-4
        **_prefixed("buyer", _party(_AGREEMENT, "BuyerTradeParty")),  # BG-7
    },
)

ZUGFERD_1 = Syntax(
    "CII1",
    ("CrossIndustryDocument",),
    {
        "number": "HeaderExchangedDocument/ID",
        "issued_on": "HeaderExchangedDocument/IssueDateTime",
        "type": "HeaderExchangedDocument/TypeCode",
        "currency": _SETTLEMENT_1 + "InvoiceCurrencyCode",
        "due_on": _SETTLEMENT_1 + "SpecifiedTradePaymentTerms/DueDateDateTime",
        "terms": _SETTLEMENT_1 + "SpecifiedTradePaymentTerms",
        "terms_text": _SETTLEMENT_1 + "SpecifiedTradePaymentTerms/Description",
        "payment_reference": _SETTLEMENT_1 + "PaymentReference",
        "payment_method": _SETTLEMENT_1 + "SpecifiedTradeSettlementPaymentMeans/TypeCode",
        "purchase_order": _AGREEMENT_1 + "BuyerOrderReferencedDocument/ID",
        "order_ref": _AGREEMENT_1 + "SellerOrderReferencedDocument/ID",
        "delivery_ref": "SpecifiedSupplyChainTradeTransaction/ApplicableSupplyChainTradeDelivery/"
        "DeliveryNoteReferencedDocument/ID",
        "profile": "SpecifiedExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID",
        "net": _SUM_1 + "TaxBasisTotalAmount",
        "tax": _SUM_1 + "TaxTotalAmount",
        "total": _SUM_1 + "GrandTotalAmount",
        "prepaid": _SUM_1 + "TotalPrepaidAmount",
        "rounding": _SUM_1 + "RoundingAmount",
        "payable": _SUM_1 + "DuePayableAmount",
        "lines": "SpecifiedSupplyChainTradeTransaction/IncludedSupplyChainTradeLineItem",
        **_prefixed("seller", _party(_AGREEMENT_1, "SellerTradeParty")),
        **_prefixed("buyer", _party(_AGREEMENT_1, "BuyerTradeParty")),
    },
)

UBL = Syntax(
    "UBL",
    ("Invoice", "CreditNote"),
    {
        "number": "ID",
        "issued_on": "IssueDate",
        "type": "InvoiceTypeCode|CreditNoteTypeCode",
        "currency": "DocumentCurrencyCode",
        "due_on": "DueDate|PaymentMeans/PaymentDueDate|PaymentTerms/PaymentDueDate",
        "terms": "PaymentTerms",
        "terms_text": "PaymentTerms/Note",
        "payment_reference": "PaymentMeans/PaymentID",
        "payment_method": "PaymentMeans/PaymentMeansCode",
        "purchase_order": "OrderReference/ID",
        "order_ref": "OrderReference/SalesOrderID",
        "delivery_ref": "DespatchDocumentReference/ID",
        "profile": "CustomizationID",
        "net": "LegalMonetaryTotal/TaxExclusiveAmount",
        "tax": "TaxTotal/TaxAmount",
        "total": "LegalMonetaryTotal/TaxInclusiveAmount",
        "prepaid": "LegalMonetaryTotal/PrepaidAmount",
        "rounding": "LegalMonetaryTotal/PayableRoundingAmount",
        "payable": "LegalMonetaryTotal/PayableAmount",
        "lines": "InvoiceLine|CreditNoteLine",
        **_prefixed("seller", _ubl_party("AccountingSupplierParty")),
        **_prefixed("buyer", _ubl_party("AccountingCustomerParty")),
    },
)

SYNTAXES = (CII, ZUGFERD_1, UBL)


def syntax_of(root: Any) -> Syntax | None:
    """The syntax whose root this element is, by its local name; None for another document."""
    local = str(root.tag).rsplit("}", 1)[-1]
    if local == "Invoice" and root.find("{*}HeaderExchangedDocument") is not None:
        return ZUGFERD_1  # its release candidate called the root so
    return next((syntax for syntax in SYNTAXES if local in syntax.roots), None)


def elements(syntax: Syntax, root: Any, term: str) -> list[Any]:
    """The elements of a term, of the first alternative that has any; namespaces do not matter."""
    for path in syntax.paths[term].split("|"):
        found = root.findall("/".join(f"{{*}}{step}" for step in path.split("/")))
        if found:
            return list(found)
    return []


def texts(syntax: Syntax, root: Any, term: str) -> list[str]:
    """The non-empty texts of a term, trimmed."""
    return [text for element in elements(syntax, root, term) if (text := "".join(element.itertext()).strip())]
