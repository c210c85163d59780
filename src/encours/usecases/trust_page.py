"""What the page of Trust shows, as plain rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from encours.usecases.show_audits import AuditRow


@dataclass(frozen=True)
class Said:
    """The last word on a switch: who, when, why. `by` is empty for a job."""

    by: str
    at: datetime
    why: str


@dataclass(frozen=True)
class PostingBox:
    """Automatic posting. `limit`: minor units; `waits`: a second signature is missing (`mine`: the first is mine)."""

    on: bool
    limit: int | None
    currency: str
    said: Said | None
    waits: bool
    mine: bool
    may_activate: bool
    may_stop: bool


@dataclass(frozen=True)
class PriorBox:
    """Posting on the shipped model's certificate. `coverage`: of the `sample` judged there."""

    on: bool
    offered: bool
    needs_limit: bool
    waits: bool
    mine: bool
    ended: bool
    target: float | None = None
    bound: float | None = None
    coverage: float | None = None
    sample: int = 0
    half: int | None = None


@dataclass(frozen=True)
class BudgetRow:
    """What a budget would give: `coverage` of what was judged (0: nothing), `missing` judged receipts."""

    budget: float
    many: int
    chosen: bool
    certified: bool
    coverage: float
    coverage_value: float
    threshold: float | None
    judged: int
    errors: int
    needed: int
    missing: int


@dataclass(frozen=True)
class StratumRow:
    """A kind of match. `judged` … `certified` are of the certificate, `audited`, `wrong` of the running test.

    `value_bound`: the share of the money that is wrong at most; None without a limit on amounts.
    """

    stratum: str
    judged: int
    errors: int
    bound: float | None
    value_bound: float | None
    threshold: float | None
    certified: bool
    on: bool
    cause: str
    said: Said | None
    posted: int
    audited: int
    wrong: int
    evidence: float
    may_off: bool
    may_on: bool


@dataclass(frozen=True)
class CertificateBox:
    """The newest certificate for the budget. `supports`: the strictest budget that its history would give. `drift_at`:
    when receipts were found to have moved, where a new one waits for judgements made since.

    By value, of the `sample` receipts: their money and what of it was wrong, in minor units of the entity's currency;
    `value_bound`: the share that is wrong at most (None: without a limit on amounts no bound holds); `coverage_value`:
    what share of the judged money they are.
    """

    made_on: date
    by: str
    certified: bool
    judged: int
    letters: int
    sample: int
    errors: int
    bound: float
    value: int
    value_wrong: int
    value_bound: float | None
    coverage_value: float
    threshold: float | None
    coverage: float
    confidence: float
    supports: float | None
    first_on: date | None
    last_on: date | None
    value_cap: int | None
    engine: str
    model: str
    asks: str
    drift_at: datetime | None


@dataclass(frozen=True)
class MixRow:
    """What was proposed in a month (empty: the certificate's window): shares of the strata, mean confidence."""

    month: date | None
    receipts: int
    shares: list[float | None]
    confidence: float | None


@dataclass(frozen=True)
class RunRow:
    """A run that posted, and how much of it stands."""

    run_id: int
    at: datetime
    receipts: int
    posted: int
    stands: int
    kept_back: int
    amounts: list[tuple[str, int]]


@dataclass(frozen=True)
class VersionRow:
    """A version of the model (its digest) and the engine it ran in last: its runs, what it posted by itself, and what
    stands of that and of what was confirmed among others."""

    model: str
    engine: str
    first_at: datetime
    runs: int
    posted: int
    stands: int


@dataclass(frozen=True)
class RightRow:
    """An act of the page: the roles that hold it, whether a delegation says more, whether the reader may."""

    act: str
    roles: list[str]
    delegated: bool
    mine: bool


@dataclass(frozen=True)
class EntityRow:
    """One of several entities: it is chosen in the switch above."""

    entity_id: str
    name: str
    on: bool
    budget: float
    waiting: int
    off: int


@dataclass(frozen=True)
class TrustPage:
    """The page of one entity; `entities` where several are chosen."""

    entities: list[EntityRow] = field(default_factory=list)
    entity_id: str = ""
    name: str = ""
    currency: str = ""
    budget: float = 0.0
    per_stratum: bool = False
    said_budget: Said | None = None
    may_set_budget: bool = False
    may_certify: bool = False
    may_rewind: bool = False
    may_judge: bool = False
    posting: PostingBox | None = None
    prior: PriorBox | None = None
    certificate: CertificateBox | None = None
    judged: int = 0
    needed: int = 0
    least: int = 0  # judged receipts that 1 in 200 takes
    budgets: list[BudgetRow] = field(default_factory=list)
    ladder: list[int] = field(default_factory=list)
    curve: bool = False
    strata: list[StratumRow] = field(default_factory=list)
    queue: list[AuditRow] = field(default_factory=list)
    waiting: int = 0
    judged_audits: int = 0
    disagreements: int = 0  # with the ERP's letters, waiting for a person
    wrong_share: float | None = None  # of all automatic posts, estimated from the audits; None: none was judged
    wrong_money: float | None = None
    mix: list[MixRow] = field(default_factory=list)
    runs: list[RunRow] = field(default_factory=list)
    versions: list[VersionRow] = field(default_factory=list)
    rights: list[RightRow] = field(default_factory=list)
