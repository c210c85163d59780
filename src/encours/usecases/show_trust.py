"""Trust: what posts by itself and how one knows that it may, what is to be audited, what can be rewound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
from django.db.models import Count, Q
from django.db.models.fields.json import KT

from encours.core.matching.certificate import LADDER, POOLED, STRATA, TESTED, estimated, needed, prior_certificate
from encours.core.matching.certificate.budgets import BUDGETS
from encours.core.matching.certificate.certify import DEFAULT_CONFIDENCE
from encours.core.matching.certificate.drift import MOVED
from encours.store.models import (
    AuditEntry,
    Decision,
    Delegation,
    Entity,
    MatchAudit,
    MatchCertificate,
    Proposal,
    Run,
    User,
)
from encours.usecases.automatic_posting import KEY as POSTING_KEY
from encours.usecases.automatic_posting import automatic_posting
from encours.usecases.error_budget import KEY as BUDGET_KEY
from encours.usecases.error_budget import error_budget
from encours.usecases.judged_receipts import POSTING, PROPOSING
from encours.usecases.past_rewinds import PastRewind, past_rewinds
from encours.usecases.refusals import REWOUND
from encours.usecases.rewind_messages import Between
from encours.usecases.rewind_posts import preview_posts
from encours.usecases.rewind_run import preview_rewind
from encours.usecases.rewinding import Part, RewindPreview
from encours.usecases.rights import ACTS, NotAllowedError
from encours.usecases.show_audits import Naming, audit_rows
from encours.usecases.show_disagreements import count_waiting
from encours.usecases.standing_promise import StandingPromise, standing_promise, switches
from encours.usecases.trust_page import (
    BudgetRow,
    CertificateBox,
    EntityRow,
    MixRow,
    PostingBox,
    PriorBox,
    RightRow,
    RunRow,
    Said,
    StratumRow,
    TrustPage,
    VersionRow,
)
from encours.usecases.viewing import Viewing
from encours.usecases.watch_promise import running_tests

#: Who may open the page: whoever may judge what the audit draws.
OPENS = "judge_match"
#: What can be done on the page, in its order.
_ACTS = (
    "judge_match",
    "undo_match",
    "activate_automatic_posting",
    "set_error_budget",
    "certify_matching",
    "switch_stratum",
    "rewind_run",
)
QUEUE_ROWS, RUN_ROWS = 20, 15
#: A point of the picture stands on so many judged receipts at least: fewer say nothing of rare errors.
_DRAWN = 50


def show_trust(viewing: Viewing) -> TrustPage:
    """The page: of the one entity that is chosen, or a line for each. Raises NotAllowedError."""
    actor = viewing.actor
    seen = [one for one in viewing.entity_ids if one not in actor.portfolios and actor.may(OPENS, one).ok]
    if not seen:
        raise NotAllowedError(OPENS, None, "no_role")
    entities = {row.entity_id: row for row in Entity.objects.filter(pk__in=seen)}
    if len(seen) > 1:
        return TrustPage(entities=_entity_rows([entities[one] for one in seen]))
    return _page(viewing, entities[seen[0]])


def currency_of(entity_id: str) -> str:
    """The currency in which an entity's limits are typed."""
    return str(Entity.objects.values_list("currency", flat=True).get(pk=entity_id))


#: Lines of what was sent meanwhile, and of who was left alone, that the page lists.
BETWEEN_ROWS = 100


def show_rewind(
    viewing: Viewing, run_id: int, rule: str = "", stratum: str = ""
) -> tuple[RewindPreview, dict[str, str]]:
    """What rewinding a run would do, and the names of payers and customers in it, by id.

    Raises NotAllowedError or CallError.
    """
    preview = preview_rewind(viewing.actor, run_id, rule, stratum)
    return preview, _named_in(viewing, preview)


def show_rewind_posts(viewing: Viewing, part: Part) -> tuple[RewindPreview, dict[str, str]]:
    """The same over all runs, of a version of the model, a rule or a stratum. Raises NotAllowedError or CallError."""
    preview = preview_posts(viewing.actor, part)
    return preview, _named_in(viewing, preview)


def show_past_rewinds(viewing: Viewing, part: Part) -> tuple[list[PastRewind], dict[str, str]]:
    """What was rewound of it already, and the names of the customers in it; the caller has asked for the right."""
    done = past_rewinds(part)
    people = set[str]().union(*(_people(one.between) for one in done))
    return done, Naming(viewing.every_entity()).customers(people) if people else {}


def _named_in(viewing: Viewing, preview: RewindPreview) -> dict[str, str]:
    """receipt_id or customer_id -> name, of what the page lists."""
    naming, people = Naming(viewing.every_entity()), _people(preview.between)
    payers = naming.payers([post.receipt_id for post in preview.largest])
    return payers | (naming.customers(people) if people else {})


def _people(between: Between) -> set[str]:
    """The customers whom the page lists."""
    sent = {one.customer_id for one in between.sent[:BETWEEN_ROWS]}
    return sent | {one.customer_id for one in between.alone[:BETWEEN_ROWS]}


def trust_curve(viewing: Viewing) -> tuple[list[tuple[float, float, float]], float]:
    """coverage, precision found, precision at least, surest first; and the budget. Empty where nothing was judged."""
    actor = viewing.actor
    seen = [one for one in viewing.entity_ids if one not in actor.portfolios and actor.may(OPENS, one).ok]
    if len(seen) != 1:
        return [], 0.0
    promise = standing_promise(seen[0])
    points = [] if promise.row is None else promise.row.pictures.get("curve", [])
    points = [one for one in points if one["sample"] >= _DRAWN]
    return [
        (point["coverage"], point["precision"], point["precision_low"]) for point in points
    ], promise.policy.max_error_rate


def _entity_rows(entities: Sequence[Entity]) -> list[EntityRow]:
    waiting = dict(
        MatchAudit.objects.filter(entity__in=entities, right__isnull=True, decision__undone_by=None)
        .values_list("entity_id")
        .annotate(Count("id"))
    )
    found = []
    for one in entities[:10]:
        off = sum(not row.on for row in switches(one.entity_id).values())
        on, budget = automatic_posting(one.entity_id).on, error_budget(one.entity_id).budget
        found.append(EntityRow(one.entity_id, one.name, on, budget, waiting.get(one.entity_id, 0), off))
    return found


def _page(viewing: Viewing, entity: Entity) -> TrustPage:
    actor, entity_id = viewing.actor, entity.entity_id
    promise = standing_promise(entity_id)
    budget = promise.budget
    said = _said(entity_id)
    queue = MatchAudit.objects.filter(entity_id=entity_id, right__isnull=True, decision__undone_by=None)
    least = needed(promise.policy.max_error_rate, round(1 - DEFAULT_CONFIDENCE, 12))
    box = _certificate(promise)
    audits = MatchAudit.objects.filter(entity_id=entity_id, right__isnull=False)
    audits = audits.exclude(right=True, decision__undone_by__act=REWOUND)
    judged_audits = list(audits.values_list("right", "chance", "decision__amount"))
    summaries = _summaries(entity_id)
    wrong = _estimated(judged_audits, summaries)
    return TrustPage(
        entity_id=entity_id,
        name=entity.name,
        currency=entity.currency,
        budget=budget.budget,
        per_stratum=budget.per_stratum,
        said_budget=said.get("set_error_budget"),
        may_set_budget=actor.may("set_error_budget", entity_id).ok,
        may_certify=actor.may("certify_matching", entity_id).ok,
        may_rewind=actor.may("rewind_run", entity_id).ok,
        may_judge=actor.may(OPENS, entity_id).ok,
        posting=_posting(viewing, entity, promise, said),
        prior=_prior(viewing, promise),
        certificate=box,
        judged=_judged(entity_id) if box is None else box.judged,
        needed=least,
        least=needed(0.005, round(1 - DEFAULT_CONFIDENCE, 12)),
        budgets=_budgets(promise.row, budget.budget),
        ladder=[round(1 / one) for one in LADDER if 0.0002 <= one <= 0.02],
        curve=promise.row is not None and len(promise.row.pictures.get("curve", [])) > 1,
        strata=_strata(viewing, entity_id, promise, summaries),
        queue=audit_rows(viewing, list(queue.select_related("decision__proposal").order_by("pk")[:QUEUE_ROWS])),
        waiting=queue.count(),
        judged_audits=len(judged_audits),
        disagreements=count_waiting(entity_id),
        wrong_share=wrong["error_rate"],
        wrong_money=wrong["value_rate"],
        mix=_mix(promise.row),
        runs=_runs(entity_id),
        versions=_versions(entity_id),
        rights=_rights(viewing, entity_id),
    )


def _said(entity_id: str) -> dict[str, Said]:
    """Act -> who did it last, of the acts on posting and on the budget."""
    rows = AuditEntry.objects.filter(entity_id=entity_id, subject__in=(POSTING_KEY, BUDGET_KEY)).order_by("number")
    last = {row.act: row for row in rows}
    numbers = {name: int(row.actor.removeprefix("user:")) for name, row in last.items() if row.actor[:5] == "user:"}
    users = {row.pk: row for row in User.objects.filter(pk__in=set(numbers.values()))} if numbers else {}
    return {name: Said(_name(users.get(numbers.get(name, 0))), row.at, row.why) for name, row in last.items()}


def _name(user: User | None) -> str:
    return "" if user is None else user.get_full_name() or user.email


def _posting(viewing: Viewing, entity: Entity, promise: StandingPromise, said: dict[str, Said]) -> PostingBox:
    actor, entity_id = viewing.actor, entity.entity_id
    state = promise.posting
    waits = state.first_signed_by is not None and not state.on
    acts = ("activate_automatic_posting", "stop_automatic_posting", "sign_automatic_posting")
    words = [said[act] for act in acts if act in said]
    return PostingBox(
        on=state.on,
        limit=state.limit,
        currency=entity.currency,
        said=max(words, key=lambda one: one.at, default=None),
        waits=waits,
        mine=waits and actor.user is not None and actor.user.pk == state.first_signed_by,
        may_activate=actor.may("activate_automatic_posting", entity_id).ok,
        may_stop=actor.may("undo_match", entity_id).ok,
    )


def _prior(viewing: Viewing, promise: StandingPromise) -> PriorBox:
    budget, posting = promise.budget, promise.posting
    shipped = prior_certificate(budget.budget)
    user = viewing.actor.user
    waits = budget.prior_signed_by is not None and not budget.prior
    row = None if shipped is None else shipped.row(POOLED)
    return PriorBox(
        on=budget.prior,
        offered=row is not None and bool(row["certified"]),
        needs_limit=not posting.on or posting.limit is None,
        waits=waits,
        mine=waits and user is not None and user.pk == budget.prior_signed_by,
        ended=budget.prior_ended or (budget.prior and bool(promise.policy.off)),
        target=None if shipped is None else shipped.target,
        bound=None if row is None else row["bound"],
        coverage=None if row is None else row["coverage"],
        sample=0 if row is None else row["sample"],
        half=None if posting.limit is None else posting.limit // 2,
    )


def _certificate(promise: StandingPromise) -> CertificateBox | None:
    row, made = promise.row, promise.certificate
    if row is None or made is None:
        return None
    pooled = made.row(POOLED)
    columns = ("judged", "letters", "sample", "errors", "bound", "threshold", "coverage", "supports")
    by_value = ("value", "value_wrong", "value_bound", "coverage_value")
    strata = made.rows.filter(made.rows["stratum"] != POOLED)
    certified = bool(strata["certified"].any()) if promise.policy.per_stratum else bool(pooled["certified"])
    return CertificateBox(
        made_on=row.made_on,
        by=_name(row.user),
        certified=certified,
        confidence=row.confidence,
        value_cap=row.value_cap,
        engine=row.engine,
        model=row.model,
        asks=promise.policy.asks or "",
        drift_at=row.asked_at if row.asks.startswith(MOVED) else None,
        first_on=pooled["first_on"],
        last_on=pooled["last_on"],
        **{name: pooled[name] for name in (*columns, *by_value)},
    )


def _judged(entity_id: str) -> int:
    """How many receipts people judged one by one, while no certificate has counted them."""
    rows = Decision.objects.filter(entity_id=entity_id, user__isnull=False, proposal__run__name=PROPOSING)
    return rows.filter(act__in=("accept_match", "reject_match")).values("subject_id").distinct().count()


def _budgets(row: MatchCertificate | None, chosen: float) -> list[BudgetRow]:
    """What each budget would give, over all receipts together; before anything was judged, what each would take."""
    told = [] if row is None else [one for one in row.pictures.get("budgets", []) if one["stratum"] == POOLED]
    if told:
        names = ("certified", "coverage", "coverage_value", "threshold", "judged", "errors", "needed", "missing")
        return [
            BudgetRow(
                one["target"], round(1 / one["target"]), one["target"] == chosen, **{name: one[name] for name in names}
            )
            for one in told
        ]
    delta = round(1 - DEFAULT_CONFIDENCE, 12)
    return [
        BudgetRow(
            one, round(1 / one), one == chosen, False, 0.0, 0.0, None, 0, 0, needed(one, delta), needed(one, delta)
        )
        for one in BUDGETS
    ]


def _strata(
    viewing: Viewing, entity_id: str, promise: StandingPromise, summaries: Sequence[dict[str, Any]]
) -> list[StratumRow]:
    actor, known = viewing.actor, promise.switches
    tests = running_tests(entity_id, known, promise.budget.budget)
    posted = _posted_by_stratum(summaries)
    found = []
    for name in TESTED:
        row = promise.certificate.row(name) if promise.certificate else None
        switch, test = known.get(name), tests[name]
        on = switch is None or switch.on
        found.append(
            StratumRow(
                stratum=name,
                judged=0 if row is None else row["judged"],
                errors=0 if row is None else row["errors"],
                bound=None if row is None or not row["judged"] else row["bound"],
                value_bound=None if row is None or not row["judged"] else row["value_bound"],
                threshold=promise.least.get(name),
                certified=row is not None and bool(row["certified"]),
                on=on,
                cause="" if switch is None else switch.cause,
                said=None if switch is None else Said(_name(switch.user), switch.at, switch.why),
                posted=posted.get(name, 0),
                audited=test.audited,
                wrong=test.wrong,
                evidence=test.evidence,
                may_off=on and actor.may("undo_match", entity_id).ok,
                may_on=not on and actor.may("switch_stratum", entity_id).ok,
            )
        )
    return found


def _summaries(entity_id: str) -> list[dict[str, Any]]:
    runs = Run.objects.filter(name=POSTING, entity_id=entity_id, state="done")
    return list(runs.values_list("summary", flat=True))


def _estimated(
    judged: Sequence[tuple[bool | None, float, int | None]], summaries: Sequence[dict[str, Any]]
) -> dict[str, float | None]:
    """The shares of all automatic posts, and of their money, that are wrong; None where no audit was judged."""
    if not judged:
        return {"error_rate": None, "value_rate": None}
    schema = {"right": pl.Boolean(), "chance": pl.Float64(), "amount": pl.Int64()}
    posts = sum(summary.get("posted", 0) for summary in summaries)
    value = sum(abs(amount) for summary in summaries for amount in (summary.get("amounts") or {}).values())
    return estimated(pl.DataFrame(judged, schema=schema, orient="row"), posts, value)


def _posted_by_stratum(summaries: Sequence[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for summary in summaries:
        for name, count in (summary.get("strata") or {}).items():
            found[name] = found.get(name, 0) + count
    return found


def _mix(row: MatchCertificate | None) -> list[MixRow]:
    told: dict[str, Any] = {} if row is None else row.mix
    parts = [{"month": None} | told["window"], *told["months"][-12:]] if told else []
    return [
        MixRow(
            None if part["month"] is None else date.fromisoformat(f"{part['month']}-01"),
            part["receipts"],
            [part["shares"].get(name) for name in STRATA],
            part["confidence"],
        )
        for part in parts
    ]


def _runs(entity_id: str) -> list[RunRow]:
    rows = Run.objects.filter(name=POSTING, entity_id=entity_id, state="done", summary__posted__gt=0)
    runs = list(rows.order_by("-pk")[:RUN_ROWS])
    stands = dict(
        Proposal.objects.filter(run__in=runs, state=Proposal.State.ACCEPTED).values_list("run").annotate(Count("id"))
    )
    return [
        RunRow(
            row.pk,
            row.finished_at or row.started_at,
            row.summary.get("receipts", 0),
            row.summary.get("posted", 0),
            stands.get(row.pk, 0),
            row.summary.get("kept_back", 0),
            sorted((row.summary.get("amounts") or {}).items()),
        )
        for row in runs
    ]


def _versions(entity_id: str) -> list[VersionRow]:
    """Each version of the model that proposed what was posted in bulk, the newest first."""
    posted = Proposal.objects.filter(entity_id=entity_id, state=Proposal.State.ACCEPTED)
    bulk = posted.filter(Q(run__name=POSTING) | Q(confirmed_in_bulk__isnull=False))
    stands = dict(bulk.values_list("run").annotate(Count("id")))
    told = Run.objects.filter(entity_id=entity_id, name__in=(POSTING, PROPOSING), state="done")
    # As text: asked for as JSON, SQLite hands a digest like 7625379179e1 over as a number.
    columns = ("pk", "name", "started_at", KT("summary__model"), KT("summary__engine"), "summary__posted")
    found: dict[str, VersionRow] = {}
    for pk, name, at, model, engine, count in told.order_by("-pk").values_list(*columns):
        if not model or (name != POSTING and pk not in stands):
            continue
        row = found.setdefault(model, VersionRow(model, engine or "", at, 0, 0, 0))
        found[model] = replace(
            row,
            first_at=at,
            runs=row.runs + (name == POSTING),
            posted=row.posted + (count or 0),
            stands=row.stands + stands.get(pk, 0),
        )
    return [row for row in found.values() if row.posted or row.stands]


def _rights(viewing: Viewing, entity_id: str) -> list[RightRow]:
    rows = Delegation.objects.filter(entity_id=entity_id, ended_at__isnull=True, act__in=_ACTS)
    delegated = set(rows.values_list("act", flat=True))
    return [
        RightRow(act, sorted(ACTS[act].roles), act in delegated, viewing.actor.may(act, entity_id).ok) for act in _ACTS
    ]
