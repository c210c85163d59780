"""Remittance advices that are written for people: a PDF with text, an e-mail with its attachments, plain text, HTML."""

from __future__ import annotations

from encours.connectors.advice.lines import AdviceText, read_text
from encours.connectors.advice.mail import Mail, is_mail, read_mail
from encours.connectors.advice.read import confirm, read, sniff
from encours.connectors.advice.text import plain_text, read_pdf
from encours.connectors.base.contract import Connector

__all__ = ["CONNECTOR", "AdviceText", "Mail", "is_mail", "plain_text", "read_mail", "read_pdf", "read_text"]

CONNECTOR = Connector(
    name="advice",
    title="Remittance advice (PDF, e-mail, text)",
    sniff=sniff,
    read=read,
    suffixes=(".pdf", ".eml", ".html", ".txt"),
    confirm=confirm,
)
