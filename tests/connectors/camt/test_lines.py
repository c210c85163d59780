"""Entries read by column are what they are when each is looked at alone, whatever stands in them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.camt import write_camt
from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.camt import CONNECTOR
from tests.connectors.golden import golden_inputs


def _readings(path: Path) -> list[Reading]:
    """The file read by column; each entry alone; a few at a time."""
    readings = [CONNECTOR.read(Source.of(path), Options())]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("encours.connectors.camt.plans._ENTRIES_MAX", 3)
        readings.append(CONNECTOR.read(Source.of(path), Options()))
        patch.setattr("encours.connectors.camt.lines._is_plain", lambda plan: False)
        readings.append(CONNECTOR.read(Source.of(path), Options()))
    return readings


def _agree(path: Path) -> Reading:
    first, *others = _readings(path)
    for other in others:
        for name, table in first.tables.items():
            assert table.equals(other.tables[name])
        order = ["line", "code", "message"]
        assert first.issues.sort(order).equals(other.issues.sort(order))
        assert first.rejected.sort("line").equals(other.rejected.sort("line"))
        same = {name for name in first.facts if name not in ("sums", "balances")}
        assert {name: first.facts[name] for name in same} == {name: other.facts[name] for name in same}
    return first


@pytest.mark.parametrize("path", golden_inputs(CONNECTOR), ids=lambda path: path.name)
def test_golden_files(path: Path) -> None:
    _agree(path)


def test_a_file_of_the_benchmark_is_read_by_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "camt.xml"
    total = write_camt(path, 300)
    reading = _agree(path)
    assert reading.tables["receipts"]["amount"].sum() == total
    monkeypatch.setattr(sys.modules[CONNECTOR.read.__module__]._Reader, "_entry", pytest.fail)
    assert CONNECTOR.read(Source.of(path), Options()).tables["receipts"].height == 300


def _maybe(tag: str, *texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(["", *(f"<{tag}>{text}</{tag}>" for text in texts)])


def _amount(text: str) -> str:
    currency, number = text.split(">")
    return f'<Amt Ccy="{currency}">{number}</Amt>' if currency else f"<Amt>{number}</Amt>"


_DAYS = ("<Dt>2026-03-02</Dt>", "<DtTm>2026-03-02T10:00:00</DtTm>", "<Dt>2026-02-30</Dt>", "\n  <Dt> 2026-03-02 </Dt>")
_ACCOUNTS = ("<Id><IBAN>FR76 3000</IBAN></Id>", "<Id><IBAN>OURS</IBAN></Id>", "<Id><Othr><Id>a-1</Id></Othr></Id>")
_DETAILS = st.tuples(
    _maybe("Refs", "<EndToEndId>NOTPROVIDED</EndToEndId>", "<EndToEndId>E1</EndToEndId><AcctSvcrRef>S</AcctSvcrRef>"),
    _maybe("Amt", "5.00", "2.50"),
    _maybe("RltdPties", *(f"<{side}><Nm>A  &amp; B</Nm></{side}>" for side in ("Dbtr", "UltmtCdtr"))),
    _maybe(
        "RmtInf", "<Ustrd>F 1</Ustrd><Ustrd> </Ustrd><Ustrd>F  2</Ustrd>", "<Strd><AddtlRmtInf>F 1</AddtlRmtInf></Strd>"
    ),
    _maybe("RtrInf", "<Rsn><Cd>AC04</Cd></Rsn>"),
    st.sampled_from(
        ["", *(f"<RltdPties><{s}>{a}</{s}></RltdPties>" for s in ("DbtrAcct", "CdtrAcct") for a in _ACCOUNTS)]
    ),
).map(lambda parts: f"<TxDtls>{''.join(parts)}</TxDtls>".replace("<Amt>", '<Amt Ccy="EUR">'))
_ENTRIES = st.tuples(
    st.sampled_from(["EUR>5.00", "EUR>5.00", "JPY>5.5", ">5", "EUR>-5", "EUR>x"]).map(_amount),
    _maybe("CdtDbtInd", "CRDT", "CRDT", "DBIT", "X", " CRDT"),
    _maybe("Sts", "BOOK", "\n <Cd>BOOK</Cd>", "<Cd>PDNG</Cd>"),
    _maybe("BookgDt", *_DAYS),
    _maybe("ValDt", *_DAYS),
    _maybe("AcctSvcrRef", "R1", "R1", "NONREF"),
    _maybe("RvslInd", "true"),
    _maybe("BkTxCd", "<Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"),
    st.lists(_DETAILS, max_size=2).map(lambda details: f"<NtryDtls>{''.join(details)}</NtryDtls>"),
    _maybe("AddtlNtryInf", "VIR  X"),
).map(lambda parts: f"<Ntry>{''.join(parts)}</Ntry>")  # fmt: skip


@settings(max_examples=60)  # each example reads a file three times
@given(st.lists(_ENTRIES, max_size=9), st.booleans())
def test_any_entries(tmp_path_factory: pytest.TempPathFactory, entries: list[str], named: bool) -> None:
    path = tmp_path_factory.mktemp("any") / "camt.xml"
    account = "<Acct><Id><IBAN>OURS</IBAN></Id><Ccy>EUR</Ccy></Acct>" if named else ""
    namespace = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
    body = f"<BkToCstmrStmt><Stmt>{account}{''.join(entries)}</Stmt></BkToCstmrStmt>"
    path.write_text(f'<Document xmlns="{namespace}">{body}</Document>', encoding="utf-8")
    _agree(path)
