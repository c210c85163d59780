"""The small process that serves published statements: it knows one folder and its key, and nothing else.

It imports neither Django nor the store. Once it listens it locks itself: from then on this process can open files of
the folder for reading (and Python's own library), and no database, no connection outwards, no other program. What it
may write is one list that it opened before: which statement was opened at which hour, by a name of which no link can be
made. A link is
`/s/<token>.<expiry>.<signature>`: signed with the folder's key, dead after its expiry, and dead at once when the
statement's files are taken away (`revoke_statement`). TLS and the public name are the reverse proxy's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import os
import re
import sys
import sysconfig
import threading
import time
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

_LINK = re.compile(r"/s/([A-Za-z0-9_-]{22,64})\.(\d{10,12})\.([0-9a-f]{64})(\.pdf)?")
_TIMEOUT_SECONDS, _AT_ONCE = 15, 32
_HOUR_SECONDS = 3600  # an opening is noted once an hour: whoever asks a thousand times fills no disk
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1c2024;background:#f6f7f8}"
    "main{max-width:34rem;margin:10vh auto;padding:2rem;background:#fff;border:1px solid #d9dde1;border-radius:8px}"
    "h1{font-size:1.35rem;margin:0 0 .25rem}p{margin:.5rem 0}.muted{color:#5c656d}"
    "dl{display:grid;grid-template-columns:1fr auto;gap:.35rem 1.5rem;margin:1.25rem 0}dd{margin:0;text-align:right;"
    "font-variant-numeric:tabular-nums}dt:last-of-type,dd:last-of-type{font-weight:600}"
    "a.button{display:inline-block;padding:.6rem 1.1rem;border-radius:6px;background:#14532d;color:#fff;"
    "text-decoration:none}@media(max-width:36rem){main{margin:0;border:0;min-height:100vh}}"
    "@media(prefers-color-scheme:dark){body{background:#14171a;color:#e7eaed}main{background:#1b1f23;"
    "border-color:#333a41}.muted{color:#9aa4ad}a.button{background:#86efac;color:#0b2614}}"
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_WORDS = {
    "fr": {
        "gone": "Ce lien n’est plus valable",
        "ask": "Demandez-en un nouveau à votre interlocuteur.",
        "get": "Télécharger le relevé (PDF)",
        "until": "Ce lien est valable jusqu’au {day}.",
    },
    "en": {
        "gone": "This link is no longer valid",
        "ask": "Please ask your contact for a new one.",
        "get": "Download the statement (PDF)",
        "until": "This link is valid until {day}.",
    },
}


def signature(key: bytes, token: str, expiry: int) -> str:
    """What makes a link one of ours."""
    return hmac.new(key, f"{token}.{expiry}".encode(), hashlib.sha256).hexdigest()


def link(key: bytes, token: str, expiry: int) -> str:
    """The path of a statement under the public address."""
    return f"/s/{token}.{expiry}.{signature(key, token, expiry)}"


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD of a signed link; all else is not there."""

    server: _Server
    timeout = _TIMEOUT_SECONDS
    server_version, sys_version = "Encours", ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page of a statement, or its PDF."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """The same without its content."""
        self._answer(body=False)

    def log_message(self, *_: Any) -> None:
        """No log: a path is a key to somebody's statement."""

    def _answer(self, *, body: bool) -> None:
        with self.server.places:
            status, kind, content, more = self._found()
            self.send_response(status)
            for name, value in {**_HEADERS, **more}.items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

    def _found(self) -> tuple[int, str, bytes, dict[str, str]]:
        path = self.path.split("?", 1)[0]
        if path == "/health":
            return 200, "text/plain", b"ok", {}
        match = _LINK.fullmatch(path)
        if match is None:
            return self._gone(404)
        token, expiry, signed, pdf = match[1], int(match[2]), match[3], bool(match[4])
        if not hmac.compare_digest(signature(self.server.key, token, expiry), signed):
            return self._gone(404)
        if time.time() > expiry:
            return self._gone(410)
        try:
            facts = json.loads((self.server.folder / f"{token}.json").read_text(encoding="utf-8"))
            if pdf:
                content = (self.server.folder / f"{token}.pdf").read_bytes()
                name = f'attachment; filename="{facts["file"]}"'
                return 200, "application/pdf", content, {"Content-Disposition": name}
        except (OSError, ValueError, KeyError):
            return self._gone(410)
        if self.command == "GET":
            self.server.note(token)
        return 200, "text/html; charset=utf-8", _page(facts, f"{path}.pdf", expiry), {}

    def _gone(self, status: int) -> tuple[int, str, bytes, dict[str, str]]:
        wanted = self.headers.get("Accept-Language", "fr")[:2].lower()
        words = _WORDS.get(wanted, _WORDS["fr"])
        body = f"<h1>{words['gone']}</h1><p class=muted>{words['ask']}</p>"
        return status, "text/html; charset=utf-8", _whole(wanted if wanted in _WORDS else "fr", words["gone"], body), {}


class _Server(ThreadingHTTPServer):
    """A server that knows its folder and its key, and answers so many at once."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], folder: Path, key: bytes, opened: BinaryIO | None = None) -> None:
        self.folder, self.key, self.places = folder, key, threading.BoundedSemaphore(_AT_ONCE)
        self._opened, self._noted, self._one = opened, dict[str, int](), threading.Lock()
        super().__init__(address, _Handler)

    def note(self, token: str) -> None:
        """Notes that a statement was opened, where there is a list to note it in."""
        now = int(time.time())
        with self._one:
            if self._opened is None or now - self._noted.get(token, 0) < _HOUR_SECONDS:
                return
            self._noted[token] = now
            self._opened.write(f"{hashlib.sha256(token.encode()).hexdigest()[:32]} {now}\n".encode())


def _page(facts: dict[str, Any], pdf: str, expiry: int) -> bytes:
    language = facts["language"] if facts["language"] in _WORDS else "en"
    words, say = _WORDS[language], html.escape
    sums = "".join(f"<dt>{say(label)}</dt><dd>{say(amount)}</dd>" for label, amount in facts["sums"])
    day = datetime.fromtimestamp(expiry, UTC).date()
    who = f"<p>{say(facts['entity'])}<br><span class=muted>{say(facts['customer'])}</span></p>"
    body = (
        f"<h1>{say(facts['title'])}</h1>{who}"
        f"<dl>{sums}</dl><p><a class=button href='{say(pdf)}'>{words['get']}</a></p>"
        f"<p class=muted>{words['until'].format(day=_day(day, language))}</p>"
    )
    return _whole(language, facts["title"], body)


def _day(day: date, language: str) -> str:
    return f"{day:%d/%m/%Y}" if language in ("fr", "en") else day.isoformat()


def _whole(language: str, title: str, body: str) -> bytes:
    view = "<meta name=viewport content='width=device-width, initial-scale=1'>"
    head = f"<meta charset=utf-8>{view}<title>{html.escape(title)}</title><style>{_STYLE}</style>"
    page = f"<!doctype html><html lang={language}><head>{head}</head><body><main>{body}</main></body></html>"
    return page.encode()


_REFUSED = (
    "sqlite3.", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "subprocess.", "os.exec",
    "os.posix_spawn", "os.spawn", "os.system", "os.fork", "pty.", "ctypes.", "os.remove", "os.rename", "os.mkdir",
    "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate", "shutil.",
)  # fmt: skip


def lock(folder: Path) -> None:
    """From here on this process opens files of the folder and of Python's library for reading, and nothing else.

    An audit hook cannot be taken away again. It guards against whatever this program could be talked into; against
    native code a user account of its own guards, which docs/statements.md tells how to give it.
    """
    roots = [os.path.realpath(folder), os.path.realpath(sysconfig.get_path("stdlib"))]

    def guard(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            if isinstance(path, int):
                return
            real = os.path.realpath(os.fsdecode(path))
            inside = any(real == root or real.startswith(root + os.sep) for root in roots)
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)) or bool(
                isinstance(mode, str) and set(mode) & set("wax+")
            )
            if not inside or writes:
                raise PermissionError(f"this process may not open {real}")
        elif event.startswith(_REFUSED):
            raise PermissionError(f"this process may not do {event}")

    sys.addaudithook(guard)


def _list_of_openings(folder: Path) -> BinaryIO | None:
    """The list, opened to be added to; None where this account may not write it: openings are then not known."""
    try:
        return (folder / "opened").open("ab", buffering=0)
    except OSError:
        return None


def serve(folder: Path, host: str, port: int) -> None:
    """Listens, locks itself, serves until stopped. Raises OSError where the port or the key is not to be had."""
    key = (folder / "key").read_bytes()
    with _Server((host, port), folder / "s", key, _list_of_openings(folder)) as server:
        b"".decode("idna")  # codecs that requests may ask for are loaded while they can be
        print(f"Published statements on http://{host}:{server.server_address[1]}/ (Ctrl+C stops it)", flush=True)
        lock(folder)
        server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
