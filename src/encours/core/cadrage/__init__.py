"""Cadrage: the ERP's collective accounts against the book's, to the cent."""
