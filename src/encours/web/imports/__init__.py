"""Imports: files in, issues out."""
