"""Remittance advices: brought, checked line by line, awaited, and found again from the receipt that they explain."""
