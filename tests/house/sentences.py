"""The sentences of engines, connectors and use cases that a screen can show, found in the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.house.tree import ROOT

FLOORS = ("core", "connectors", "usecases")
#: Files whose texts are no messages, and why. What they add to issues or raise is looked at all the same.
SILENT = {
    "core/sample/": "an invented company: its texts are data",
    "core/metrics/": "reasons of figures; the overview has its own words for them",
    "core/matching/": "reasons of matches; screens say the rule's sentence",
    "core/pairing/bank.py": "evidence of pairs, kept in files",
    "core/pairing/ledger.py": "evidence of pairs, kept in files",
    "core/terms/": "laws and terms are written in both languages where they stand",
    "core/base/schema.py": "names of columns",
    "core/entries/legs.py": "what each kind of settlement books, for who reads the code",
    "core/entries/control.py": "faults of the program",
    "connectors/fec/classes.py": "what each class of counterpart means, for who reads the code",
    "connectors/base/lifecycle.py": "words of statuses, compared with what a file says",
    "connectors/sheet/detect.py": "patterns of headings",
    "connectors/sheet/values.py": "names of months",
    "connectors/sheet/write.py": "headings of a French sheet",
    "connectors/camt/write.py": "a bank message",
    "connectors/einvoice/write.py": "an invoice",
    "connectors/mt940/write.py": "a bank message",
    "usecases/entry_facts.py": "SQL",
    "usecases/message_values.py": "styles of an e-mail's HTML",
    "usecases/entry_files.py": "names of accounts, written into a file",
    "usecases/rebuild.py": "steps and counts of a command",
    "usecases/run_nightly.py": "the log of the nightly run",
    "usecases/sales_history.py": "SQL",
    "usecases/recompute_positions.py": "SQL",
}
#: Nothing of these reaches a screen: faults of the program, for its log; what only a command calls, in its English.
UNSEEN = (
    "core/base/invariants.py",
    "core/dunning/prove.py",
    "core/matching/backtest.py",
    "usecases/backtest_dunning.py",
    "usecases/backtest_forecast.py",
    "usecases/backtest_matching.py",
    "usecases/backtest_page.py",
    "usecases/backtest_payments.py",
    "usecases/build_demo.py",
    "usecases/dunning_page.py",
    "usecases/folder_gaps.py",
    "usecases/forecast_folder.py",
    "usecases/forecast_page.py",
    "usecases/make_sample.py",
    "usecases/plan_folder.py",
    "usecases/page_parts.py",
    "usecases/payments_page.py",
    "usecases/predict_payments.py",
)
#: Texts that stand alone in files that also hold messages.
NOT_SHOWN = {
    "{} is not allowed{}: {}": "a refusal is shown as a page of its own, by its reason",
    "{} customer{}": "the command line's line about a proof",
    "on {} account{}": "the command line's line about a proof",
    "{} of {} {} differ": "the command line's line about a proof",
    "{} {} tie": "the command line's line about a proof",
    "ledger {}: {}": "the command line's line about a proof",
    "keeping the files": "progress of a command",
    "reading and loading": "progress of a command",
    "item {} would be paid beyond its open amount": "a fault of the program",
    "receipt {} would be used beyond its money": "a fault of the program",
    "receipt {} is decided without an allocation": "a fault of the program",
    "opening without detail": "the label of an item, not a message",
    "open items": "the name of a source",
    "nothing says whose this {} is": "its two readings stand in the catalogue",
    "bank account {}": "said inside the sentence above",
    " ({} lines)": "said with the sentence before it, under one entry",
    " in {}": "part of a refusal",
    "balance âgée au {}, {}": "the label of an item",
    "assumption: no public measurement between companies was found": "the source of a prior, for who reads the code",
    "assumption, below the 11 days that vendors tell of automatic reminders": "the source of a prior",
    "assumption; a trial on court fines found that messages raise payment": "the source of a prior",
    "assumption; a trial found that letters which ask for a call raise responses": "the source of a prior",
    "string(*[local-name()='InstallmentDueDate' or local-name()='PaymentDueDate'])": "XPath",
    'HEADER Message-ID "{}"': "a search in a mailbox",
    "Connection refused": "what a library says, compared",
    "https://outlook.office.com/SMTP.Send https://outlook.office.com/IMAP.AccessAsUser.All offline_access": "scopes",
    "unexpected end of data": "what a library says, compared",
    "camt.053 version {} is not one of {}": "a wrong call of a writer",
    "{} is not one of {}": "a wrong call of a writer",
}
_ADDERS = {"add", "reject", "found", "_issue", "_issues"}
_NAMES = {"title", "label"}  # arguments that name a format or an item
_FOR_THE_LOG = {"AssertionError", "RuntimeError", "TypeError", "KeyError", "MoneyError", "NotAllowedError"}
_SQL = re.compile(r"(SELECT|INSERT|UPDATE|DELETE|JOIN|CASE|COPY|PRAGMA|CREATE|t\.[a-z_]+ )")
#: Places that bear a name: sentences of gates are filled in by column.
_NAMED = re.compile(r"\{[a-z_]+(:[a-z]+)?\}")
_WORD = re.compile(r"[A-Za-zÀ-ÿ’'\-]*[a-zà-ÿ][A-Za-zÀ-ÿ’'\-]*")


@dataclass(frozen=True)
class Sentence:
    """A text as the catalogue keys it (`{}` for each value), and where it stands."""

    text: str
    place: str


@cache
def sentences(root: Path = ROOT / "src/encours") -> list[Sentence]:
    """Every text of FLOORS that reads like a sentence, or is put into an issue or an error."""
    found: list[Sentence] = []
    for floor in FLOORS:
        for path in sorted((root / floor).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name in UNSEEN:
                continue
            # A format's own folder only names it there; screens have their words for formats.
            silent = name.endswith("/__init__.py") or any(name.startswith(prefix) for prefix in SILENT)
            found += _of_file(ast.parse(path.read_text(encoding="utf-8")), name, silent)
    return found


def _of_file(tree: ast.Module, name: str, silent: bool) -> Iterator[Sentence]:
    told = {id(part) for node in ast.walk(tree) for part in _told(node)}
    skipped = {id(part) for node in ast.walk(tree) for part in _unsaid(node)}
    for node in ast.walk(tree):
        text = _text(node)
        if text is None or id(node) in skipped or text in NOT_SHOWN:
            continue
        if (id(node) in told and _is_prose(text)) or (not silent and _reads_like_one(text)):
            yield Sentence(text, f"{name}:{getattr(node, 'lineno', 0)}")


def _told(node: ast.AST) -> Iterator[ast.AST]:
    """The texts inside what is added to issues or faults, or raised."""
    if isinstance(node, ast.Raise):
        yield from ast.walk(node)
    if isinstance(node, ast.Call) and (_name(node.func) in _ADDERS or _is_fault(node.func)):
        yield from ast.walk(node)
    if isinstance(node, ast.AugAssign) and _name(node.target) == "faults":
        yield from ast.walk(node)
    if isinstance(node, ast.Assign) and "faults" in map(_name, node.targets):
        yield from ast.walk(node)


def _is_fault(function: ast.AST) -> bool:
    return isinstance(function, ast.Attribute) and function.attr == "append" and _name(function.value) == "faults"


def _unsaid(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, parts of an f-string (it is read whole), names, types, and what only the log of a fault shows."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    if isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.Constant))
        forms = [part.format_spec for part in node.values if isinstance(part, ast.FormattedValue) and part.format_spec]
        yield from (part for form in forms for part in ast.walk(form))
    if isinstance(node, ast.keyword) and node.arg in _NAMES:
        yield from ast.walk(node)
    if isinstance(node, ast.Call) and _name(node.func) == "cast":
        yield from node.args[:1]
    if isinstance(node, ast.Raise) and node.exc is not None:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if _name(raised) in _FOR_THE_LOG:
            yield from ast.walk(node)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _NAMED.sub("{}", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def _is_prose(text: str) -> bool:
    """Words with blanks between them: no code, no pattern, no markup."""
    if any(mark in text for mark in ("\n", "\\", "(?", '="')) or text[:1] in ("<", "^") or _SQL.match(text):
        return False
    return " " in text.strip() and bool(re.search(r"[A-Za-z]{2,}", text))


def _reads_like_one(text: str) -> bool:
    """Prose of two words at least, or of one and a value."""
    words = len(_WORD.findall(text.replace("{}", " ")))
    return _is_prose(text) and (words >= 2 or (words == 1 and "{}" in text))
