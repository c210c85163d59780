"""Which receipt settles which items: proposals with their reasons; nothing is posted here.

A run goes through stages, each of which can be read alone:

1. `scope`, `pool`, `asks` — codes and parallel arrays: items by customer and due date, receipts by day.
2. `references` — reads texts: every spelling of every item in one hash table (`keys`), a scanner of bytes (`scan`) that
   gives each receipt its marks: numbers found whole, digits only, other numbers, and loose digits.
3. `payers`, `names`, `resemblance` — nominates customers: by account and name from master data and from what matches
   taught; accounts of several payers keep them all; a resemblance may only nominate.
   Before any search, `batches` and `advices` turn what files say of one amount into remittances; `pairing` finds the
   receipt of each by total, day, name and number of lines, `line_items` what each line pays, `early` decides: what they
   explain takes no part in the rest, and what stands for many without its file is left to people.
4. `views` — a receipt beside the open items of one nominee, where loose digits are read as tails, lists, ranges, slips.
5. `families` — ways in which money settles items, one file each, searched tier by tier, all alternatives counted.
6. `features`, `score` — what can be said of a hypothesis in figures, and how probable that makes it (`prior.json`).
7. `claims`, `engine` — the surest claim first, every item once, losers ask again; day by day on what was known then,
   what stays open once more at the end.
8. `proof`, `decide`, `explain` — who decides, which rows that gives, and the sentence.

Arrays are tuples of NumPy arrays with a name for each column (`Pool`, `Asks`, `Payers`, `Marks`, `Views`, `Fits`,
`Hypotheses`); money is int64 minor units, days are int32 since 1970, customers, items and receipts are places in their
arrays. Functions under `@kernel` are compiled on first use.
"""

from encours.core.matching.propose import Proposals, propose

__all__ = ["Proposals", "propose"]
