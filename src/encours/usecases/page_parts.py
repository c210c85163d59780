"""The parts that every replay's page is made of: no script, nothing from any other host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from encours.core.base.money import exponent, is_currency

STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5a6675;--rule:#d9dee5;--ground:#fff;
--auto:#1f6f8b;--same:#7fb3c8;--differs:#c0392b;--open:#b9c2cc;--none:#e7ebf0}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--rule:#333d4a;--ground:#161b22;
--auto:#58a6c4;--same:#2f6478;--differs:#e5695b;--open:#4a5563;--none:#2a313b}}
body{font:14px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--ground);margin:24px auto;padding:0 16px;
max-width:960px;font-variant-numeric:tabular-nums}
h1{font-size:20px;margin:0 0 4px}h2{font-size:16px;margin:28px 0 8px}p{color:var(--soft);margin:4px 0 12px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{padding:0 8px;height:32px;text-align:right;
border-bottom:1px solid var(--rule);white-space:nowrap}th:first-child,td:first-child,.words{text-align:left}
td.words{white-space:normal}td:nth-last-child(-n+2).words{min-width:200px}th{color:var(--soft);font-weight:600}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:11px}
@media(max-width:500px){svg text{font-size:22px}}
.key{display:flex;flex-wrap:wrap;gap:4px 16px;color:var(--soft);margin:8px 0}
.key i{display:inline-block;width:10px;height:10px;margin-right:6px}
.auto{fill:var(--auto);background:var(--auto)}.same{fill:var(--same);background:var(--same)}
.differs{fill:var(--differs);background:var(--differs)}.open{fill:var(--open);background:var(--open)}
.none{fill:var(--none);background:var(--none)}dt{font-weight:600}dd{margin:0 0 6px;color:var(--soft)}
"""


def document(title: str, parts: Sequence[str]) -> str:
    """A whole page as HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def definitions(words: Mapping[str, str]) -> str:
    """What the words of a page mean."""
    listed = (f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(text)}</dd>" for name, text in words.items())
    return f"<h2>What the words mean</h2><dl>{''.join(listed)}</dl>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], words_from: int | None = None) -> str:
    """A table whose first column is words; so are those from `words_from` on."""

    def cells(row: Sequence[str], tag: str) -> str:
        words = words_from if words_from is not None else len(row)
        return "".join(
            f"<{tag} class=words>{escape(text)}</{tag}>" if place >= words else f"<{tag}>{escape(text)}</{tag}>"
            for place, text in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{cells(head, "th")}</tr></thead><tbody>{body}</tbody></table></div>'


def count(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}".replace(",", " ")


def share(part: float | None) -> str:
    """A share in per cent; a dash where there is none."""
    return "–" if part is None else f"{100 * part:.1f} %"


def money(minor: int, currency: str) -> str:
    """An amount in its currency's own places."""
    places = exponent(currency) if is_currency(currency) else 2
    return f"{minor / 10**places:,.{places}f} {currency}".replace(",", " ")
