"""One mailbox server for all of these tests, and Django's settings for what sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mail_servers import Box, dovecot, mailbox_server


@pytest.fixture(scope="session")
def box() -> Iterator[Box]:
    """A dovecot of our own; without one these tests are skipped, visibly."""
    if dovecot() is None:
        pytest.skip("no dovecot on this machine: apt-get install dovecot-imapd")
    with mailbox_server() as found:
        yield found
