"""The company as one call: options in, book, truth, ledger and bank lines out."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.sample import book as telling
from encours.core.sample.bank import bank_accounts, statements
from encours.core.sample.journal import JOURNAL_SCHEMA, journal_frame
from encours.core.sample.options import Sample, SampleOptions
from encours.core.sample.story import Story, entity_number, tell
from encours.core.sample.truth import truth_tables
from encours.core.sample.workflow import workflow_tables


def sample_company(options: SampleOptions, *, with_journal: bool = True) -> Sample:
    """The company of these options: the same options give the same company, byte for byte.

    The general ledger is half of the work; without `with_journal` it is empty.
    """
    number = entity_number(options.seed)
    entity_id = f"{number:09d}"
    story = tell(options, entity_id)
    accounts = bank_accounts(number)
    ledger = telling.Ledger(story, accounts)
    receipts, allocations = ledger.receipts(), ledger.true_allocations()
    book = _book(story, accounts, receipts, allocations)
    return Sample(
        book=book,
        truth=truth_tables(story, ledger, receipts, allocations),
        journal=journal_frame(story, ledger, receipts, allocations)
        if with_journal
        else pl.DataFrame(schema=JOURNAL_SCHEMA),
        bank_lines=receipts.select("receipt_id", "line_id"),
        bank_accounts=accounts,
        profile=profile_frame(story),
        invoices=invoices_frame(story),
    )


def _book(story: Story, accounts: pl.DataFrame, receipts: pl.DataFrame, allocations: pl.DataFrame) -> Book:
    entity = {"entity_id": [story.entity_id], "name": [telling.COMPANY], "country": ["FR"], "currency": ["EUR"]}
    return Book.of(
        entities=pl.DataFrame({**entity, "legal_id": [story.entity_id]}),
        customers=telling.customers_frame(story),
        customer_links=telling.links_frame(story),
        payer_aliases=telling.aliases_frame(story),
        contacts=telling.contacts_frame(story),
        items=telling.items_frame(story),
        receipts=receipts,
        statements=statements(story.entity_id, accounts, receipts, story.first, story.last),
        allocations=allocations.filter("lettered"),
        disputes=telling.disputes_frame(story),
        **workflow_tables(story),
    )


def profile_frame(story: Story) -> pl.DataFrame:
    """customer_id, code, terms, method, habit, payer_id: what the master data says and what nobody knows."""
    cast, ids = story.cast, telling.customer_ids(story)
    return pl.DataFrame(
        {
            "customer_id": ids,
            "code": telling.customer_codes(story),
            "terms": telling.texts(cast.terms),
            "method": telling.texts(cast.method),
            "habit": telling.texts(cast.habit),
            "payer_id": ids.gather(cast.payer),
            "account": telling.texts(cast.account_iban),
        }
    )


def invoices_frame(story: Story) -> pl.DataFrame:
    """number, customer_id, issued_on, net, vat, vat_rate (hundredths of a per cent), credits_number?: each document."""
    docs = story.docs
    number = telling.texts(docs.number)
    noted = pl.Series(docs.credits < 0)
    return pl.DataFrame(
        {
            "number": number,
            "customer_id": telling.customer_ids(story).gather(docs.customer),
            "issued_on": telling.dates(docs.issued),
            "net": docs.net,
            "vat": docs.vat,
            "vat_rate": docs.vat_rate,
            "credits_number": number.gather(docs.credits.clip(0)).set(noted, None),
            "order_ref": docs.order,
        }
    )
