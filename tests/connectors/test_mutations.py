"""A tenth of the mutated files of `python -m benchmarks.mutations`: each a result or an issue."""

from __future__ import annotations

import pytest

from benchmarks.mutations import mutant, run
from encours.connectors.base.contract import connectors
from tests.connectors.golden import golden_inputs


@pytest.mark.slow
def test_every_mutant_is_a_result_or_an_issue() -> None:
    outcomes = list(run(2_000))
    assert len(outcomes) == 2_000
    assert [f"{o.connector}:{o.number}: {o.fault}" for o in outcomes if o.fault] == []


def test_mutants_are_seeded_and_differ() -> None:
    connector = connectors()["camt"]
    assert mutant(connector, 5) == mutant(connector, 5)
    originals = {path.read_bytes() for path in golden_inputs(connector)}
    mutants = [mutant(connector, number)[0] for number in range(20)]
    assert len({*mutants} - originals) > 15
