"""Search over names, SIREN, IBAN, invoice numbers and amounts."""
