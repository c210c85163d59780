"""Mailboxes read over IMAP: what came back to the sender, and what a sent mailbox holds."""
