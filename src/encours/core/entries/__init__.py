"""Journal entries of decided settlements: what the ERP is to book, each once, tied to the bank statement."""

from encours.core.entries.control import Control, control
from encours.core.entries.counters import reversal_letters, reverse_entries
from encours.core.entries.entries import COVER, ENTRY, HELD, Written, write_entries
from encours.core.entries.facts import ADVANCES, EARLIER, Facts
from encours.core.entries.ids import PATTERN, REVERSED, counter_id, encours_id
from encours.core.entries.letters import next_letters
from encours.core.entries.lettrage import LETTER, letter_lines
from encours.core.entries.rules import MODES, Accounts, Bank, EntryRules, faults_of

__all__ = [
    "ADVANCES",
    "COVER",
    "EARLIER",
    "ENTRY",
    "HELD",
    "LETTER",
    "MODES",
    "PATTERN",
    "REVERSED",
    "Accounts",
    "Bank",
    "Control",
    "EntryRules",
    "Facts",
    "Written",
    "control",
    "counter_id",
    "encours_id",
    "faults_of",
    "letter_lines",
    "next_letters",
    "reversal_letters",
    "reverse_entries",
    "write_entries",
]
