"""1,000 letters as PDF/A: CPU seconds, and whether each is what an independent validator calls PDF/A.

    python -m benchmarks.dunning.letters [--scale S] [--judge N] [--folder FOLDER] [--look]

The company, its customers and their overdue invoices are invented by seed and stand in a database of their own; every
letter is made by `letter_files.letter_pdf` from these facts, which are read a batch at a time as the outbox reads them:
the four letters in turn and statements, French and English, of one to twelve invoices with part payments and contested
parts, to companies, public buyers and consumers. The bar is CPU time of making them. A sample of the files is then
judged by Apache PDFBox's Preflight (ISO 19005-1 level b; Debian: libpdfbox2-java, libjaxb-api-java; PREFLIGHT_JARS:
another folder with its archives), which shares no code with what wrote them; each PDF/A-1b file is judged as it would
leave. `--look` writes one of each kind and language as PNG into the folder.
"""

from __future__ import annotations

import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, arguments, report

BAR_CPU_SECONDS = 40.0
BAR_LETTERS = 1_000
_JUDGED = 200
_DAY = date(2025, 9, 10)
_JARS = (
    "preflight.jar",
    "xmpbox.jar",
    "pdfbox2.jar",
    "fontbox2.jar",
    "commons-logging.jar",
    "jaxb-api.jar",
    "javax.activation.jar",
)
_JAVA = Path(os.environ.get("PREFLIGHT_JARS", "/usr/share/java"))  # where Debian puts them, or an unpacked copy
_NAMES = ("Menuiserie", "Garage", "Transports", "Imprimerie", "Boulangerie", "Fonderie", "Scierie", "Atelier")


def main(argv: list[str] | None = None) -> int:
    """Makes the letters and says what they cost and whether they are valid; 1 where a bar is missed."""
    options: dict[str, dict[str, Any]] = {
        "--judge": {"type": int, "default": _JUDGED, "help": "so many of them are validated"},
        "--folder": {"type": Path, "help": "keep the letters here"},
        "--look": {"action": "store_true", "help": "also the pages of each kind and language as PNG"},
        "--seed": {"type": int, "default": 5},
    }
    call = arguments("1,000 letters as PDF/A, from facts to files", argv, options=options)
    seed, wanted = call.extra["seed"], call.scaled(BAR_LETTERS)
    with tempfile.TemporaryDirectory() as folder:
        out = call.extra["folder"] or Path(folder) / "letters"
        out.mkdir(parents=True, exist_ok=True)
        _open(Path(folder) / "home")
        letters = _company(wanted, random.Random(seed))
        cpu, wall, pages = _make(letters, out)
        if call.extra["look"]:
            _look(letters, out)
        made = sorted(out.glob("*.pdf"))
        sample = random.Random(seed).sample(made, min(call.extra["judge"], len(made)))
        judged, wrong = validate(sample)
    for name, why in wrong[:5]:
        print(f"{name}: {why}")
    said = "Preflight is not installed: libpdfbox2-java libjaxb-api-java" if judged is None else judged
    return report(
        call,
        [
            Figure("letters", wanted),
            Figure("pages", pages),
            Figure("CPU, from facts to files", cpu, "s", at_most=BAR_CPU_SECONDS * call.scale),
            Figure("wall time", wall, "s"),
            Figure("judged by Preflight (ISO 19005-1 b)", said, at_least=len(sample)),
            Figure("of them not valid", len(wrong), at_most=0),
        ],
    )


def _open(home: Path) -> None:
    """A database of its own."""
    os.environ["ENCOURS_HOME"] = str(home)
    os.environ.pop("DATABASE_URL", None)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "encours.web.settings")
    home.mkdir(parents=True)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def _company(count: int, draw: random.Random) -> list[Any]:
    """Customers with overdue invoices, and a letter to each."""
    from django.db import transaction

    from encours.usecases.letter_files import Chased
    from tests.usecases import letter_cases as cases

    letters = []
    with transaction.atomic():
        cases.workshop()
        for number in range(count):
            kind = draw.choices(("business", "public", "consumer"), (80, 10, 10))[0]
            language = "fr" if draw.random() < 0.7 else "en"
            name = f"{draw.choice(_NAMES)} n° {number}"
            address = f"{draw.randint(1, 99)} rue du Moulin\n{draw.randint(10, 95)}000 Ville {number % 37}"
            customer = cases.a_customer(f"C{number}", address=address, kind=kind, name=name, language=language)
            items = []
            for place in range(draw.choices((1, 2, 3, 5, 8, 12), (35, 25, 15, 12, 8, 5))[0]):
                due = _DAY - timedelta(days=draw.randint(5, 400))
                amount = draw.randint(5_000, 4_000_000)
                item = cases.an_invoice(customer, f"FA-{number:04}-{place:02}", amount, due, order_ref=f"BC{number}")
                if draw.random() < 0.2:
                    item = cases.a_payment(item, amount // 3, due + timedelta(days=draw.randint(1, 4)))
                if draw.random() < 0.1:
                    item = Chased(item.item_id, item.amount - item.amount // 4, item.amount // 4)
                items.append(item)
            kinds = ("friendly", "firm", "formal_notice", "last_notice", "statement")
            letters.append((kinds[number % 5], language, customer, items))
    return letters


def _make(letters: list[Any], out: Path) -> tuple[float, float, int]:
    """(CPU seconds, seconds, pages) of making all letters, from facts to files."""
    import pypdf

    from encours.usecases.chased_facts import BATCH, read_ahead

    start, wall = _cpu(), time.perf_counter()
    for first in range(0, len(letters), BATCH):
        batch = letters[first : first + BATCH]
        customers = [customer for _, _, customer, _ in batch]
        with read_ahead("A", customers, [one.item_id for *_, items in batch for one in items]):
            for number, (kind, language, customer, items) in enumerate(batch, first):
                pdf = _pdf(number, kind, language, customer, items)
                (out / f"{number:04}-{kind}-{language}.pdf").write_bytes(pdf)
    cpu, wall = _cpu() - start, time.perf_counter() - wall
    return cpu, wall, sum(len(pypdf.PdfReader(path).pages) for path in out.glob("*.pdf"))


def _pdf(number: int, kind: str, language: str, customer: str, items: list[Any]) -> bytes:
    from encours.usecases.letter_files import letter_pdf, statement_pdf
    from tests.usecases.letter_cases import a_letter

    if kind == "statement":
        return statement_pdf("A", customer, language=language, items=items)
    return letter_pdf(a_letter(customer, kind, *items, language=language, reference=f"R{number}"))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _look(letters: list[Any], out: Path) -> None:
    from encours.usecases.letter_files import letter_pages
    from tests.usecases.letter_cases import a_letter

    seen: set[tuple[str, str]] = set()
    for kind, language, customer, items in letters:
        if kind != "statement" and (kind, language) not in seen:
            seen.add((kind, language))
            for page, picture in enumerate(letter_pages(a_letter(customer, kind, *items, language=language)), 1):
                (out / f"look-{kind}-{language}-{page}.png").write_bytes(picture)


def preflight_jars() -> list[Path] | None:
    """The validator's archives; None where Debian's libpdfbox2-java and libjaxb-api-java, or a Java, are missing."""
    found = [_JAVA / name for name in _JARS]
    try:
        subprocess.run(["java", "-version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found if all(path.exists() for path in found) else None


_JUDGE = """
import java.io.File;
import org.apache.pdfbox.preflight.*;
import org.apache.pdfbox.preflight.parser.PreflightParser;
public class Judge {
    public static void main(String[] files) throws Exception {
        for (String name : files) {
            String said = "valid";
            try {
                PreflightParser parser = new PreflightParser(new File(name));
                parser.parse();
                try (PreflightDocument document = parser.getPreflightDocument()) {
                    document.validate();
                    ValidationResult result = document.getResult();
                    if (!result.isValid()) {
                        ValidationResult.ValidationError error = result.getErrorsList().get(0);
                        said = error.getErrorCode() + " " + error.getDetails();
                    }
                }
            } catch (Exception problem) { said = problem.toString(); }
            System.out.println(new File(name).getName() + "\\t" + said.replace('\\n', ' '));
        }
    }
}
"""


def validate(files: list[Path]) -> tuple[int | None, list[tuple[str, str]]]:
    """(files judged, those that are not valid PDF/A-1b with the first fault); None: no validator is installed."""
    jars = preflight_jars()
    if jars is None:
        return None, []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "Judge.java"
        source.write_text(_JUDGE)
        path = ":".join(str(jar) for jar in jars)
        own = ["java", "-Xshare:auto", "-cp", path, str(source), *map(str, files)]
        done = subprocess.run(own, capture_output=True, text=True, check=False)
    lines = re.findall(r"^(\S+\.pdf)\t(.*)$", done.stdout, re.M)
    if len(lines) < len(files):
        return len(lines), [("validator", (done.stderr or "it stopped")[:300])]
    return len(lines), [(name, said) for name, said in lines if said != "valid"]


if __name__ == "__main__":
    sys.exit(main())
