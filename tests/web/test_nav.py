"""The sidebar: every screen has a key and a place of its own."""

from __future__ import annotations

from collections import Counter

from encours.web.shell.nav import entries


def test_no_two_screens_share_a_key() -> None:
    keys = Counter(entry.key for entry in entries() if entry.key)
    assert [key for key, count in keys.items() if count > 1] == []
