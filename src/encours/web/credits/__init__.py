"""Credit notes that cancel invoices without any money: pairs to confirm, and what was set lately."""
