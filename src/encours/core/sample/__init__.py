"""A believable French company, invented whole: its customers, invoices, money and habits, with the truth of each."""
