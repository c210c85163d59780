"""What a contact refuses, as people and ledgers write it."""

from __future__ import annotations

import polars as pl
import pytest

from encours.core.base.opt_outs import CHANNELS, refusals, refused, unreadable, written


@pytest.mark.parametrize("told", [
    "oui", "Oui", "X", "x", "yes", "true", "VRAI", "1", "all", "tous", "STOP", "✓", "opt-out", "désinscrit",
    "tous, sms", "ne pas contacter",
])  # fmt: skip
def test_a_yes_in_whatever_form_refuses_every_channel(told: str) -> None:
    assert refused(told) == CHANNELS


@pytest.mark.parametrize("told", [None, "", " ", "-", "non", "No", "false", "0", "FAUX", "néant", "N"])
def test_a_no_refuses_nothing(told: str | None) -> None:
    assert (refused(told), unreadable(told)) == ((), False)


@pytest.mark.parametrize(("told", "means"), [
    ("email sms", ("email", "sms")),
    ("email, sms", ("email", "sms")),
    ("SMS;email", ("email", "sms")),
    ("SMS, E-mail: email", ("email", "sms")),
    ("pas d'e-mail", ("email",)),
    ("oui : SMS", ("sms",)),
    ("courriel et téléphone", ("email", "call", "voice")),
    ("no letters", ("letter",)),
    ("call", ("call",)),
])  # fmt: skip
def test_names_refuse_those(told: str, means: tuple[str, ...]) -> None:
    assert (refused(told), unreadable(told)) == (means, False)


@pytest.mark.parametrize("told", ["12/03/2026", "voir M. Durand", "email jusqu'à nouvel ordre", "???!a"])
def test_what_cannot_be_read_refuses_all_and_is_said_to_be_unread(told: str) -> None:
    assert (refused(told), unreadable(told)) == (CHANNELS, True)


def test_the_written_form_is_read_back_and_a_column_reads_as_its_cells() -> None:
    assert written(("sms", "email")) == "email sms"
    assert (written(()), refused(written(CHANNELS))) == (None, CHANNELS)
    told = ["oui", None, "sms", "oui", "email, letter"]
    found = refusals(pl.DataFrame({"opt_out": told}, schema={"opt_out": pl.String})).to_list()
    assert found == [list(refused(one)) for one in told]
