"""Real mail for tests: a dovecot mailbox of their own, and SMTP servers that keep what they get."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER, PASSWORD = "recouvrement@example.com", "a-secret-of-the-tests"


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Inbox:
    """An SMTP server's handler: keeps what it gets. `answer`: what it says to the content, by turns; the last stays.

    `refuse`: addresses that do not exist. `tokens`: what XOAUTH2 takes.
    """

    answers: list[str] = field(default_factory=lambda: ["250 2.0.0 queued as ABC123"])
    refuse: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    hang_up: bool = False  # takes the content and never answers

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802  # the server's name for it
        if address in self.refuse:
            return f"550 5.1.1 <{address}>: no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # the server's name for it
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.startswith("250"):
            self.taken.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]  # as set
            self.recipients.append(list(envelope.rcpt_tos))
        if self.hang_up:
            server.transport.abort()
        return answer

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802  # the server's name for it
        import base64

        said = base64.b64decode(args[1]).decode()
        self.asked.append(said)
        token = said.partition("auth=Bearer ")[2].rstrip("\x01")
        if token in self.tokens and said.startswith(f"user={USER}\x01"):
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"401","schemes":"bearer"}', encode_to_b64=True)
        return AuthResult(success=False, handled=False, message="535 5.7.3 Authentication unsuccessful")

    @property
    def ids(self) -> list[str]:
        """Message-IDs in the order of arrival."""
        return [str(mail["Message-ID"]) for mail in self.taken]


@contextmanager
def smtp_server(inbox: Inbox | None = None, *, auth: bool = False) -> Iterator[tuple[int, Inbox]]:
    """A server on a free port: (port, what it got)."""
    kept = inbox or Inbox()

    def good(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        fine = isinstance(data, LoginPassword) and data.login == USER.encode() and data.password == PASSWORD.encode()
        return AuthResult(success=fine, handled=False)  # handled: the server would leave the client without an answer

    more: dict[str, Any] = {"authenticator": good, "auth_require_tls": False, "auth_required": True} if auth else {}
    controller = Controller(kept, hostname="127.0.0.1", port=free_port(), **more)
    controller.start()
    try:
        yield controller.port, kept
    finally:
        controller.stop()


def dovecot() -> str | None:
    """The dovecot program; None where there is none."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@dataclass(frozen=True)
class Box:
    """A mailbox server: its port and the folder where mail lies (Maildir)."""

    port: int
    folder: Path

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of `mail.mailbox`, with the password in place."""
        return {"host": "127.0.0.1", "port": self.port, "security": "none", "user": USER, "password": PASSWORD}

    def deliver(self, content: bytes, folder: str = "") -> None:
        """Lays a message into a folder (the inbox), as a server does."""
        place = self.folder / f".{folder}" if folder else self.folder
        for part in ("cur", "new", "tmp"):
            (place / part).mkdir(parents=True, exist_ok=True)
            _own(place / part)
        _own(place)
        path = place / "new" / f"{time.time_ns()}.{os.getpid()}.test"
        path.write_bytes(content.replace(b"\r\n", b"\n"))
        _own(path)


def _own(path: Path) -> None:
    if os.getuid() == 0:
        shutil.chown(path, "nobody", "nogroup")


@contextmanager
def mailbox_server() -> Iterator[Box]:
    """A dovecot of its own on loopback with one user and an empty mailbox. Raises RuntimeError without dovecot."""
    program = dovecot()
    if program is None:
        raise RuntimeError("no dovecot on this machine: apt-get install dovecot-imapd")
    folder = Path(tempfile.mkdtemp(prefix="encours-dovecot-"))
    port = free_port()
    mail = folder / "mail"
    (mail / "cur").mkdir(parents=True)
    folder.chmod(0o755)
    for path in (mail, mail / "cur"):
        _own(path)
    config = folder / "dovecot.conf"
    config.write_text(_config(folder, mail, port))
    process = subprocess.Popen(
        [program, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )
    try:
        _wait(process, port, folder / "log")
        yield Box(port, mail)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def _config(folder: Path, mail: Path, port: int) -> str:
    me = getpass.getuser()
    own = "" if os.getuid() == 0 else f"default_internal_user = {me}\ndefault_login_user = {me}\n"
    uid = "uid=nobody gid=nogroup" if os.getuid() == 0 else f"uid={os.getuid()} gid={os.getgid()}"
    return f"""
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = 1
mail_location = maildir:{mail}
{own}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = {uid} home={folder}/home
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as probe:
                if probe.recv(20).startswith(b"* OK"):
                    return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"dovecot did not start:\n{log.read_text(errors='replace') if log.exists() else ''}")
        threading.Event().wait(0.05)


def main(argv: list[str]) -> int:
    """`--where` prints the dovecot program."""
    found = dovecot()
    print(found or "no dovecot")
    return int(argv == ["--where"] and found is None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
