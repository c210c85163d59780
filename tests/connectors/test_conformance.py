"""One test for all connectors: what the contract of `connectors.base` promises, held by whoever has a golden file.

A new connector takes part by its folder: `golden/` with small inputs of its own making. `pytest --update-golden
tests/connectors/test_conformance.py` writes what they give now beside them, to be reviewed as a diff.
"""

from __future__ import annotations

import random
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from encours.connectors.base.contract import Connector, Options, Reading, Source, connectors, recognise
from encours.core.base.issue import ISSUE_SCHEMA
from encours.core.base.named import NAMED
from encours.core.base.schema import TABLES
from tests.connectors.golden import all_golden, as_json, expected_path, golden_inputs, name_of, read_golden
from tests.connectors.hostile import HOSTILE
from tests.connectors.sandbox import read_in_sandbox

_GOLDEN = all_golden()
_READERS = [connector for connector in connectors().values() if golden_inputs(connector)]
#: A small file is cut at every byte up to here, a larger one at this many places.
_CUTS = 1_500
_SECONDS, _MEGABYTES = 10, 1_024
_SEVERITIES = {"error", "warning", "info"}

each_golden = pytest.mark.parametrize("case", _GOLDEN, ids=name_of)
each_reader = pytest.mark.parametrize("connector", _READERS, ids=lambda connector: connector.name)


def conforms(reading: Reading, connector: Connector, before: Reading | None = None) -> None:
    """What holds for every reading whatever was read: types, words, whole rows, unique ids, told issues.

    A table that is the same as in a reading that conforms, `before`, conforms.
    """
    for name, frame in reading.tables.items():
        if before is not None and name in before.tables and _same(frame, before.tables[name]):
            continue
        table = TABLES[name]
        assert table.faults(frame) == [], name
        whole = table.conform(frame)
        for column in table.required:
            assert whole[column].null_count() == 0, f"{name}.{column} is empty"
        for column in table.columns:
            if column.words:
                assert set(whole[column.name].drop_nulls().unique()) <= set(column.words), f"{name}.{column.name}"
        version = [*table.key, *(["known_on"] if table.versioned else [])]
        assert not whole.select(pl.struct(version).is_duplicated().any()).item(), f"{name}: an id stands twice"
    if reading.named is not None:
        assert dict(reading.named.schema) == NAMED
    if before is None or not _same(reading.issues, before.issues):
        _issues_conform(reading)
    if reading.rejected is not None:
        assert {"line", "text", "code"} <= set(reading.rejected.columns)


def _issues_conform(reading: Reading) -> None:
    assert dict(reading.issues.schema) == ISSUE_SCHEMA
    assert set(reading.issues["severity"].unique()) <= _SEVERITIES
    assert reading.issues["message"].null_count() == 0
    assert reading.issues["code"].str.contains(r"^[a-z][a-z0-9_]*$").all()
    lines = reading.issues["line"].drop_nulls()
    assert (lines >= 1).all(), "lines, rows and elements are counted from 1"


def _same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.schema == other.schema and one.equals(other)


def frames(reading: Reading) -> Iterator[tuple[str, pl.DataFrame]]:
    """All frames of a reading."""
    yield "issues", reading.issues
    yield from reading.tables.items()


def _smallest(connector: Connector) -> Path:
    files = [path for path in golden_inputs(connector) if path.is_file()]
    if not files:
        pytest.skip("reads folders")
    return min(files, key=lambda path: path.stat().st_size)


def _is_xml(data: bytes) -> bool:
    return data.lstrip()[:1] == b"<" and b"OFX" not in data[:200]


@each_golden
def test_reads_what_is_expected(case: tuple[Connector, Path], request: pytest.FixtureRequest) -> None:
    connector, path = case
    reading = read_golden(connector, path)
    conforms(reading, connector)
    found = as_json(reading)
    expected = expected_path(path)
    if request.config.getoption("--update-golden"):
        expected.write_text(found, encoding="utf-8")
    assert expected.exists(), f"no {expected.name}: call pytest --update-golden"
    assert found == expected.read_text(encoding="utf-8")


@each_golden
def test_is_recognised_by_its_content(case: tuple[Connector, Path], tmp_path: Path) -> None:
    """Under a name that says nothing, the file is still given to its reader."""
    connector, path = case
    if path.is_dir():
        pytest.skip("a folder is known by its files")
    plain = tmp_path / "upload"
    shutil.copyfile(path, plain)
    found = recognise(Source.of(plain))
    assert found is not None
    assert found.name == connector.name


@each_golden
def test_is_deterministic_and_ids_are_stable(case: tuple[Connector, Path], tmp_path: Path) -> None:
    """The same content gives the same rows, under any file name."""
    connector, path = case
    first = read_golden(connector, path)
    second = connector.read(Source(path, path.name), Options())
    for (name, one), (_, other) in zip(frames(first), frames(second), strict=True):
        assert one.equals(other), name
    assert first.facts == second.facts


@each_golden
def test_the_entity_is_the_callers_choice(case: tuple[Connector, Path]) -> None:
    connector, path = case
    reading = connector.read(Source.of(path), Options(entity_id="ACME"))
    conforms(reading, connector)
    for name, frame in reading.tables.items():
        if "entity_id" in frame.columns and name != "entities":
            assert set(frame["entity_id"].drop_nulls().unique()) <= {"ACME"}, name


@each_golden
def test_issues_have_a_position(case: tuple[Connector, Path]) -> None:
    """Errors and warnings say where, unless they are about the file as a whole."""
    connector, path = case
    issues = read_golden(connector, path).issues
    told = issues.filter(pl.col("severity") != "info")
    assert told["line"].null_count() < max(1, told.height) or not told.height


@each_reader
def test_cut_at_every_byte(connector: Connector, tmp_path: Path) -> None:
    """A file that breaks off anywhere gives what stands before the break, or an issue; never an exception."""
    whole = _smallest(connector)
    data = whole.read_bytes()
    step = max(1, len(data) // _CUTS)
    cut = tmp_path / f"cut{whole.suffix}"
    before = None
    for end in range(0, len(data), step):
        cut.write_bytes(data[:end])
        found = connector.read(Source.of(cut), Options())
        conforms(found, connector, before)
        before = found


@each_reader
def test_hostile_input(connector: Connector, tmp_path: Path) -> None:
    """Whatever comes, in ten seconds and one gigabyte the reader gives a result or an issue."""
    sample = _smallest(connector)
    data = sample.read_bytes()
    targets = []
    for attack in HOSTILE:
        targets.append(tmp_path / f"{attack.__name__}{sample.suffix}")
        attack(targets[-1], data)
    outcomes = read_in_sandbox(connector.name, targets, seconds=_SECONDS * 3, megabytes=_MEGABYTES)
    assert [outcome.name for outcome in outcomes] == [target.name for target in targets]
    for outcome in outcomes:
        assert outcome.fault is None, f"{outcome.name}: {outcome.fault}"
        assert outcome.cpu_seconds <= _SECONDS, f"{outcome.name}: {outcome.cpu_seconds:.1f} s"
        assert outcome.peak_mb <= _MEGABYTES, f"{outcome.name}: {outcome.peak_mb} MB"
        assert outcome.rows or outcome.codes, f"{outcome.name}: neither a row nor an issue"
        if _is_xml(data) and ("doctype" in outcome.name or "entity" in outcome.name):
            assert outcome.rows == 0, f"{outcome.name} was believed"


@each_reader
def test_shuffled_bytes(connector: Connector, tmp_path: Path) -> None:
    """A handful of seeded mutations; benchmarks/mutations.py does twenty thousand."""
    files = [path for path in golden_inputs(connector) if path.is_file()]
    if not files:
        pytest.skip("reads folders")
    chance = random.Random(7)
    target = tmp_path / f"mutant{files[0].suffix}"
    for _ in range(25):
        data = bytearray(chance.choice(files).read_bytes())
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        target.write_bytes(bytes(data))
        conforms(connector.read(Source.of(target), Options()), connector)


@pytest.mark.parametrize("connector", connectors().values(), ids=lambda connector: connector.name)
def test_has_its_papers(connector: Connector) -> None:
    """A folder of its own name with a README; a sniff that stays between 0 and 1 on anything."""
    folder = Path(__import__(f"encours.connectors.{connector.name}", fromlist=["x"]).__file__).parent
    assert folder.name == connector.name
    assert (folder / "README.md").exists()
    for head in (b"", b"\x00", b"\xff\xfe", b"<", b"PK\x03\x04", b"%PDF-", bytes(range(256)) * 16):
        assert 0 <= connector.sniff(head, "upload") <= 1


def test_zip_bomb_of_this_test_is_one(tmp_path: Path) -> None:
    """The attack is real: a few kilobytes that unpack to hundreds of megabytes."""
    from tests.connectors.hostile import zip_bomb

    bomb = tmp_path / "bomb"
    zip_bomb(bomb, b"")
    assert bomb.stat().st_size < 1_000_000
    with zipfile.ZipFile(bomb) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) > 300_000_000
