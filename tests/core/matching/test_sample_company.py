"""The sample company without its letters: the exact rule gives back many of them and no wrong one."""

from __future__ import annotations

from datetime import date

from encours.core.base.schema import TABLES
from encours.core.matching import propose
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions

_LAST_DAY = date(2026, 10, 31)


def test_no_automatic_proposal_is_wrong_and_many_are_found() -> None:
    sample = sample_company(SampleOptions(_LAST_DAY, customers=60, months=8))
    bare = sample.book.replace(allocations=TABLES["allocations"].empty())
    proposals = propose(bare, _LAST_DAY)
    auto = proposals.decisions.filter(decision="auto").select("receipt_id")
    truth = set(sample.truth["truth_allocations"].filter(kind="cash").select("receipt_id", "item_id").iter_rows())
    found = set(
        proposals.allocations.join(auto, on="receipt_id", how="semi").select("receipt_id", "item_id").iter_rows()
    )
    posted = set(auto["receipt_id"])
    assert found == {pair for pair in truth if pair[0] in posted}
    assert len(posted) > 100
