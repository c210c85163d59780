"""Remittance advices that are written for people: the text of a PDF or the body of an e-mail."""

from __future__ import annotations

from encours.connectors.advice.read import AdviceText, read_pdf, read_text

__all__ = ["AdviceText", "read_pdf", "read_text"]
