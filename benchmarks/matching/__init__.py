"""The public benchmark of cash application: books with known truth, a strict scorer, and Encours measured by both."""
