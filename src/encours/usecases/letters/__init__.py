"""How letters are set: one template for all, words by language, data as JSON that is never read as markup."""
