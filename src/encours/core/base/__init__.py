"""The words every room shares: money, days, the Book's tables, the Book itself, issues."""
