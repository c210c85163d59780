"""Mutated files over all connectors: each a result or an issue, none that crashes, takes ten seconds or a gigabyte.

The seeds are the golden files. A mutant is made from a seed by one to six seeded changes (bits, bytes, cuts, splices
with another seed, repeats, control characters, broken UTF-8); the same seed and number give the same mutant, so that a
fault is found again: `python -m benchmarks.mutations --only camt:123`.
"""

from __future__ import annotations

import random
import resource
import signal
import tempfile
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Figure, arguments, measure, own_peak_mb, report
from encours.connectors.base.contract import Connector, Options, Source, connectors
from encours.core.base.schema import TABLES
from tests.connectors.golden import golden_inputs

SEED = 20_261_121
_SECONDS, _MEGABYTES = 10, 1_024
_MAPPED_MB = 3_072
_BATCH = 1_000
_GROWN_MAX = 4 * 1024 * 1024
_CONTROLS = (
    b"\x00",
    b"\x01",
    b"\x1a",
    b"\x0b",
    b"\x85",
    b"\xc2\xa0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\r",
    b"\n",
    b"\t",
)
_BROKEN_UTF = (
    b"\xc3",
    b"\xe2\x82",
    b"\xf0\x9f",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\x80",
    "𝟙".encode(),
    "\u202e".encode(),
)
_TOKENS = (b"<", b"&", b"]]>", b"<!--", b"-", b",", b";", b'"', b"'", b"9" * 30, b"-0", b"1e9", b"NaN", b"=1+1", b"%s")


@dataclass(frozen=True)
class Outcome:
    """What a mutant gave: `fault` names the exception or the bound it broke."""

    connector: str
    number: int
    fault: str | None
    seconds: float
    rows: int
    issues: int


def mutant(connector: Connector, number: int) -> tuple[bytes, str]:
    """The number-th mutant of a connector's golden files, and the suffix of the file it came from."""
    chance = random.Random(f"{SEED}:{connector.name}:{number}")
    seeds = [path for path in golden_inputs(connector) if path.is_file()]
    seed = chance.choice(seeds)
    data = bytearray(seed.read_bytes())
    for _ in range(chance.randint(1, 6)):
        data = _mutated(data, chance, seeds)[:_GROWN_MAX]
    return bytes(data), seed.suffix


def _mutated(data: bytearray, chance: random.Random, seeds: list[Path]) -> bytearray:
    if not data:
        return bytearray(chance.choice(_TOKENS))
    at = chance.randrange(len(data))
    until = min(len(data), at + chance.choice((1, 2, 8, 64, 512)))
    way = chance.randrange(9)
    if way == 0:
        data[at] ^= 1 << chance.randrange(8)
    elif way == 1:
        data[at] = chance.randrange(256)
    elif way == 2:
        del data[at:]
    elif way == 3:
        del data[at:until]
    elif way == 4:
        data[at:at] = data[at:until] * chance.choice((1, 2, 50))
    elif way == 5:
        data[at:at] = chance.choice(_CONTROLS)
    elif way == 6:
        data[at:at] = chance.choice(_BROKEN_UTF)
    elif way == 7:
        data[at:until] = chance.choice(_TOKENS)
    else:
        other = chance.choice(seeds).read_bytes()
        data[at:] = other[chance.randrange(len(other) + 1) :]
    return data


#: A mutant: its connector and its number.
Name = tuple[str, int]


def read_mutants(names: list[Name]) -> list[Outcome]:
    """Reads some mutants in this process, which is bounded in memory; a read that hangs is stopped."""
    space = (_MEGABYTES + _MAPPED_MB) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (space, resource.RLIM_INFINITY))
    signal.signal(signal.SIGVTALRM, _too_long)
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        for name, number in names:
            connector = connectors()[name]
            data, suffix = mutant(connector, number)
            path = Path(folder) / f"mutant{suffix}"
            path.write_bytes(data)
            outcomes.append(_read(connector, number, path))
    return outcomes


def _read(connector: Connector, number: int, path: Path) -> Outcome:
    start = time.process_time()
    rows = issues = 0
    fault = None
    # CPU time of this process: a busy machine does not count against the reader.
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
    try:
        reading = connector.read(Source.of(path), Options())
        rows = sum(TABLES[name].conform(frame).height for name, frame in reading.tables.items())
        issues = reading.issues.height
        if not rows and not issues and path.stat().st_size:
            fault = "neither a row nor an issue"
    except TimeoutError:
        fault = f"still reading after {_SECONDS} s of CPU"
    except MemoryError:
        fault = f"more than {_MEGABYTES} MB"
    except BaseException as error:  # also what native code raises: everything that escapes is a fault
        where = traceback.extract_tb(error.__traceback__)[-1]
        fault = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    peak = own_peak_mb()
    if fault is None and peak > _MEGABYTES:
        fault = f"the reader's process took {peak:.0f} MB"
    return Outcome(connector.name, number, fault, time.process_time() - start, rows, issues)


def _too_long(*_: object) -> None:
    raise TimeoutError


def run(mutants: int, workers: int = 2) -> Iterator[Outcome]:
    """That many mutants spread over all connectors with golden files; a process that dies is itself a fault."""
    names = [name for name, connector in connectors().items() if any(p.is_file() for p in golden_inputs(connector))]
    wanted: list[Name] = []
    for index, name in enumerate(names):
        share = mutants // len(names) + (index < mutants % len(names))
        wanted += [(name, number) for number in range(share)]
    jobs = [wanted[start : start + _BATCH] for start in range(0, len(wanted), _BATCH)]
    with ThreadPoolExecutor(workers) as pool:
        for outcomes in pool.map(_in_a_process, jobs):
            yield from outcomes


def _in_a_process(names: list[Name]) -> list[Outcome]:
    """Reads a batch in a process of its own; of one that dies the halves are tried, down to the mutant that kills."""
    try:
        found: list[Outcome] = measure(read_mutants, names).value
    except RuntimeError as error:
        if len(names) == 1:
            return [Outcome(*names[0], f"the process died: {str(error)[-200:]}", 0.0, 0, 0)]
        middle = len(names) // 2
        return _in_a_process(names[:middle]) + _in_a_process(names[middle:])
    return found


def main(argv: list[str] | None = None) -> int:
    """Reads the mutants and prints what became of them; 1 where one is neither a result nor an issue."""
    options = {"--only": {"help": "one mutant, as CONNECTOR:NUMBER"}}
    call = arguments("20,000 mutated files over all connectors", argv, options=options)
    if call.extra["only"]:
        name, _, number = call.extra["only"].partition(":")
        outcomes = read_mutants([(name, int(number))])
    else:
        outcomes = list(run(call.scaled(20_000)))
    faults = [outcome for outcome in outcomes if outcome.fault]
    per_connector = [
        Figure(f"{name}: mutants, rows, issues", _told([o for o in outcomes if o.connector == name]))
        for name in sorted({outcome.connector for outcome in outcomes})
    ]
    figures = [
        Figure("mutants", len(outcomes), at_least=None if call.extra["only"] else call.scaled(20_000)),
        Figure("neither a result nor an issue", len(faults), at_most=0),
        Figure("longest read", round(max(o.seconds for o in outcomes), 2), "s", at_most=_SECONDS),
        *per_connector,
    ]
    code = report(call, figures)
    for outcome in faults[:50]:
        print(f"{outcome.connector}:{outcome.number}: {outcome.fault}")
    return code


def _told(outcomes: list[Outcome]) -> str:
    rows, issues = sum(o.rows for o in outcomes), sum(o.issues for o in outcomes)
    return f"{len(outcomes):,}, {rows:,}, {issues:,}"


if __name__ == "__main__":
    raise SystemExit(main())
