"""Ready to send?: how much of the overdue money a message could ask for today, and what is missing for the rest."""
