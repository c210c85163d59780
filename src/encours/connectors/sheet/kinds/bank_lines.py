"""Bank lines: a statement exported as a sheet; one receipt a line."""

from __future__ import annotations

import hashlib

import polars as pl

from encours.connectors.base.accounts import normal_account
from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import CURRENCY, SIGN
from encours.core.base.issue import Issues

_FIELDS = fields(
    """
booked_on date 1.4: date operation; date d operation; date comptable; date de comptabilisation; booking date;
  posted date; posting date; buchungstag; buchungsdatum; fecha operacion; fecha contable; date mouvement;
  date ecriture; date completed; completed date; date; transaction date; fecha; data; journal date; created;
  jour
value_on date 0.8: date valeur; date de valeur; value date; valuta; wertstellung; wertstellungsdatum;
  valutadatum; fecha valor; valeur; ~transaction date
amount amount 1.4: montant; amount; betrag; importe; net amount; montant net; montant operation;
  montant de l operation; montant eur; amount eur; umsatz; ~total; ~valor; importo
debit amount 1.0: debit; debit amount; montant debit; withdrawal; withdrawals; paid out; money out; soll; cargo;
  cargos; debits; depenses; sorties; debe; debit eur
credit amount 1.0: credit; credit amount; montant credit; deposit; deposits; paid in; money in; haben; abono;
  abonos; recettes; entrees; haber; credit eur
"""
    + SIGN
    + CURRENCY
    + """
account text 0.8: compte; account; kontonummer; cuenta; numero de compte; numero compte; account number;
  n compte; account id; account name; konto; compte bancaire; iban; rib; auftragskonto; iban auftragskonto;
  iban compte; own account
payer_name text 0.9: contrepartie; nom contrepartie; donneur d ordre; tiers; auftraggeber empfanger;
  auftraggeber empfnger; auftraggeber; empfanger; name zahlungsbeteiligter; beguenstigter zahlungspflichtiger;
  beneficiaire; emetteur; partner name; counterparty; counterparty name; payer; payee; debtor name; nom du tiers;
  nom tiers; name; nom; ~source; ordenante
payer_account text 0.8: iban contrepartie; compte contrepartie; iban tiers; iban donneur d ordre;
  counterparty account; counterparty iban; kontonummer iban; iban zahlungsbeteiligter; bank account; ~number;
  compte tiers; partner account
remittance text 1.0*: libelle; libelle operation; libelle complementaire; libelle de l operation; description;
  additional description; original description; label; verwendungszweck; concepto; reason; motif; communication;
  details; texte; memo; narrative; operation; desc; remittance information; remittance;
  informations complementaires; information complementaire; objet; nature; detail; buchungstext; notes; note;
  seller message; /^(vwz|verwendungszweck|libelle|detail|details) ?\\d+$/
reference text 0.6*: reference; ref; referencia; reference operation; transaction id; bank reference;
  reference bancaire; reference id; ~id; ~num; numero operation; n operation
end_to_end_id text 0.6: end to end; end to end id; reference end to end; e2e; sepa reference; endtoendid;
  client reference; kundenreferenz
kind_text text 0.5: type operation; type d operation; code operation; posting text; type; mode;
  moyen de paiement; categorie operation
balance amount 0.7: solde; balance; running balance; kontostand; saldo; solde courant; solde progressif;
  saldo nach buchung; balance after
status text 0.4: statut; status; etat; state; umsatz status
"""
)
_PENDING = r"(?i)^(pending|en attente|a venir|annul|cancel|vorgemerkt|pendiente|failed|reverted|refus|rejet)"
_KINDS = (
    ("return", r"\b(IMPAYE|REJET|RETOUR|UNPAID|RUCKLASTSCHRIFT|RUECKLASTSCHRIFT|RETURNED)"),
    ("cheque", r"\b(CHEQUE|CHQ|CHECK|REM CHQ|REMISE CHEQUE|SCHECK)"),
    ("direct_debit", r"\b(PRLV|PRELEVEMENT|DIRECT DEBIT|LASTSCHRIFT|SDD|SEPA DD)"),
    ("draft", r"\b(LCR|BOR|EFFET|TRAITE)"),
    ("card", r"\b(CARTE|CB|CARD|TPE|TARJETA)\b"),
    ("cash", r"\b(ESPECES|CASH DEPOSIT|DEPOT ESPECES|VERSEMENT ESPECES)"),
    ("transfer", r"\b(VIR|VIREMENT|TRANSFER|UBERWEISUNG|GUTSCHRIFT|TRANSFERENCIA|SEPA CT|SCT)"),
)


def _build(parsed: Parsed, issues: Issues) -> Built:
    rows = _signed(parsed.rows)
    pending = rows.filter(pl.col("status").str.contains(_PENDING).fill_null(False))
    if pending.height:
        issues.add(
            "pending_lines",
            f"{pending.height} lines are pending, cancelled or failed; they are no receipts",
            line=pending["line"][0],
            severity="info",
            action="They come as booked lines in a later export.",
        )
    booked = rows.join(pending, on="line", how="anti", maintain_order="left")
    accounted = booked.with_columns(account=_account(parsed, booked, issues), payer_account=_partner(booked))
    receipts = _receipts(parsed, accounted)
    statements = _statements(receipts, accounted)
    facts: dict[str, object] = {"booked": receipts.height, "pending": pending.height}
    facts["balance_ties"] = bool(statements["balanced"].fill_null(False).any())
    days = receipts["booked_on"]
    facts |= {"from": str(days.min()) if days.len() else None, "to": str(days.max()) if days.len() else None}
    facts["accounts"] = receipts["account"].unique().sort().to_list()
    return Built({"receipts": receipts.drop("bank_reference"), "statements": statements}, facts)


def _signed(rows: pl.DataFrame) -> pl.DataFrame:
    """`amount` from a debit and a credit column where there is none in the row; debits lower the account."""
    # Banks print a debit column with or without its minus: its side says the sign, not the print.
    two = pl.coalesce(pl.col("credit"), -pl.col("debit").abs())
    both = pl.col("credit").is_not_null() & pl.col("debit").is_not_null()
    return rows.with_columns(
        amount=pl.coalesce("amount", pl.when(both).then(pl.col("credit") - pl.col("debit").abs()).otherwise(two))
    )


def _account(parsed: Parsed, rows: pl.DataFrame, issues: Issues) -> pl.Expr:
    known = parsed.mapping.account
    if known is None and rows["account"].drop_nulls().is_empty():
        issues.add(
            "account_missing",
            "no column says which bank account this is; lines stand on the file's name",
            line=parsed.mapping.header_row or 1,
            severity="warning",
            action="Give the account in the mapping of this source.",
        )
        known = parsed.name.rsplit(".", 1)[0]
    own = pl.col("account").str.replace_all(r"[\s-]", "").str.to_uppercase()
    return pl.coalesce(own, pl.lit(normal_account(known) if known else None, dtype=pl.String))


def _partner(rows: pl.DataFrame) -> pl.Expr:
    return pl.col("payer_account").str.replace_all(r"[\s-]", "").str.to_uppercase()


def _receipts(parsed: Parsed, rows: pl.DataFrame) -> pl.DataFrame:
    text = pl.concat_str(["remittance", "reference"], separator=" ", ignore_nulls=True)
    said = pl.concat_str([pl.col("kind_text").fill_null(""), text.fill_null("")], separator=" ")
    shaped = rows.with_columns(text=pl.when(text != "").then(text), said=_plain(said))
    keyed = shaped.with_columns(
        key=pl.concat_str(
            [pl.col(name).cast(pl.String).fill_null("") for name in ("account", "booked_on", "amount", "currency")]
            + [pl.col("text").fill_null(""), pl.col("end_to_end_id").fill_null("")],
            separator="\x1f",
        )
    )
    # Equal lines are told apart by their place among equals, so that the same export gives the same ids.
    numbered = keyed.with_columns(twin=pl.col("key").cum_count().over("key"))
    ids = [_digest(key, twin) for key, twin in numbered.select("key", "twin").iter_rows()]
    return numbered.select(
        "line",
        receipt_id=pl.Series([f"{parsed.entity}:{digest}" for digest in ids], dtype=pl.String),
        entity_id=pl.lit(parsed.entity),
        account="account",
        booked_on="booked_on",
        value_on="value_on",
        amount="amount",
        currency="currency",
        kind=_receipt_kind(),
        origin=pl.lit("bank"),
        payer_name="payer_name",
        payer_account="payer_account",
        remittance="text",
        end_to_end_id="end_to_end_id",
        statement_id=pl.format("{}:{}:{}", pl.lit(parsed.entity), "account", pl.lit(parsed.name)),
        bank_reference="reference",
    )


def _digest(key: str, twin: int) -> str:
    return hashlib.sha256(f"{key}\x1f{twin}".encode()).hexdigest()[:20]


def _plain(text: pl.Expr) -> pl.Expr:
    return text.str.to_uppercase().str.normalize("NFD").str.replace_all(r"\p{M}", "")


def _receipt_kind() -> pl.Expr:
    kind = pl.when(pl.col("amount") < 0).then(pl.lit("out")).otherwise(pl.lit("other"))
    for name, pattern in reversed(_KINDS):
        outgoing = name != "return"
        fits = pl.col("said").str.contains(pattern)
        kind = pl.when(fits & ((pl.col("amount") >= 0) if outgoing else (pl.col("amount") < 0))).then(
            pl.lit(name)
        ).otherwise(kind)  # fmt: skip
    return kind


def _statements(receipts: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """One statement an account and currency; opening and closing from the running balance where it ties."""
    joined = pl.concat([receipts.select("statement_id", "account", "currency", "booked_on", "amount"),
                        rows.select("balance")], how="horizontal")  # fmt: skip
    parts = []
    for (_, currency), part in joined.group_by("statement_id", "currency", maintain_order=True):
        opening, closing = _ends(part)
        parts.append(
            part.select(
                pl.col("statement_id").first(),
                pl.col("account").first(),
                currency=pl.lit(currency),
                from_on=pl.col("booked_on").min(),
                to_on=pl.col("booked_on").max(),
                opening=pl.lit(opening, dtype=pl.Int64),
                closing=pl.lit(closing, dtype=pl.Int64),
                entries=pl.len().cast(pl.Int64),
                total=pl.col("amount").sum(),
                balanced=pl.lit(True if opening is not None else None, dtype=pl.Boolean),
            )
        )
    if not parts:
        return pl.DataFrame(
            schema={"statement_id": pl.String(), "account": pl.String(), "currency": pl.String(), "entries": pl.Int64(),
                    "total": pl.Int64(), "balanced": pl.Boolean()}
        )  # fmt: skip
    return pl.concat(parts).unique("statement_id", keep="first", maintain_order=True)


def _ends(part: pl.DataFrame) -> tuple[int | None, int | None]:
    """Opening and closing balance where every line's balance follows from the one before, in either order."""
    if part["balance"].null_count() or not part.height:
        return None, None
    for lines in (part, part.reverse()):
        steps = (lines["balance"] - lines["balance"].shift(1)).drop_nulls()
        if (steps == lines["amount"].slice(1)).all():
            return lines["balance"][0] - lines["amount"][0], lines["balance"][-1]
    return None, None


KIND = Kind(
    name="bank_lines",
    title="Bank lines",
    fields=_FIELDS,
    required=(
        ("booked_on",),
        ("amount", "debit", "credit"),
        ("remittance", "reference", "balance", "account", "payer_name", "debit", "credit"),
    ),
    needed=(("booked_on",), ("amount", "debit", "credit")),
    build=_build,
    total_field="amount",
    # A journal books each euro twice, a summary counts lines instead of showing them.
    never=r"^(journal number|journal num|ecriture num|numero ecriture|n ecriture|num transactions|nb operations"
    r"|number of transactions|nombre d operations|compte num)$",
)
