"""Translations: compiles every `.po` beside its screen into the `.mo` that Django reads, and says what lacks one.

`python -m scripts.messages` compiles; `--check` only looks: exit 1 where a `.mo` is stale or a text has no French.
A text is written in English in the source; `src/encours/web/<screen>/locale/fr/LC_MESSAGES/django.po` says it in
French. Texts shared by screens stand in `src/encours/web/locale`. English needs no file.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "encours"
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
Message = tuple[str | None, str]


def catalogues() -> list[Path]:
    """Every translation file, of the project and of its screens."""
    return sorted(SOURCE.glob("**/locale/*/LC_MESSAGES/django.po"))


def compiled(po: Path) -> bytes:
    """What the `.mo` beside this file must hold; the same bytes for the same texts."""
    with po.open("rb") as file:
        catalogue = read_po(file, locale=po.parts[-3])
    # A file without dates would be given this minute's: the same texts must give the same bytes.
    catalogue.creation_date = catalogue.revision_date = _EPOCH
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def stale() -> list[str]:
    """Translation files whose `.mo` is missing or holds something else."""
    pairs = [(po, po.with_suffix(".mo")) for po in catalogues()]
    return [str(po.relative_to(ROOT)) for po, mo in pairs if not mo.exists() or mo.read_bytes() != compiled(po)]


def untranslated(language: str = "fr") -> list[str]:
    """Texts of the source that have no translation, as `file:line: text`."""
    known = {message for po in catalogues() if po.parts[-3] == language for message in _translated(po)}
    return [f"{place}: {text}" for place, (context, text) in _texts() if (context, text) not in known]


def _translated(po: Path) -> Iterator[Message]:
    with po.open("rb") as file:
        for message in read_po(file):
            said = (message.string,) if isinstance(message.string, str) else message.string or ("",)
            if message.id and not message.fuzzy and all(said):
                yield message.context, message.id if isinstance(message.id, str) else message.id[0]


def _texts() -> Iterator[tuple[str, Message]]:
    for path in sorted(SOURCE.glob("web/**/*")):
        if path.suffix not in (".py", ".html", ".txt") or not path.is_file():
            continue
        source = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            source = _templatize(source, path)
        for line, found, _, context in extract("python", io.BytesIO(source.encode()), keywords=_KEYWORDS):
            first = found[0] if isinstance(found, tuple) else found
            if first:
                yield f"{path.relative_to(ROOT)}:{line}", (context, first)


def _templatize(source: str, path: Path) -> str:
    """A template's texts as calls that the extractor reads, by Django's own reader of templates."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "encours.web.settings")
    from django.utils.translation.template import templatize

    return templatize(source, origin=str(path))


def main(argv: list[str]) -> int:
    """Compiles, or with `--check` only says what is stale or lacks its French."""
    if "--check" not in argv:
        for po in catalogues():
            po.with_suffix(".mo").write_bytes(compiled(po))
    faults = [f"{path}: stale, call `make messages`" for path in stale()]
    faults += [f"no French: {text}" for text in untranslated()]
    print("\n".join(faults) or f"{len(catalogues())} translation files are compiled and complete")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
