"""The nightly chain: copies, receipts, positions of the new day, payers, figures of past days; it can be restarted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from encours.core.base.days import add_months, end_of_month
from encours.store import parquet
from encours.store.models import Entity, EntityDay, Run
from encours.usecases import clock
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.certify_matching import certify_matching
from encours.usecases.find_disagreements import find_disagreements
from encours.usecases.forecast_cash import forecast_cash
from encours.usecases.import_files import repair_imports
from encours.usecases.judge_promises import judge_promises
from encours.usecases.learn_effects import learn_effects
from encours.usecases.learn_payers import learn_payers
from encours.usecases.past_days import record_past_day
from encours.usecases.plan_dunning import plan_dunning
from encours.usecases.print_letters import collect_proofs, print_letters
from encours.usecases.recompute_positions import recompute_entities
from encours.usecases.rights import job
from encours.usecases.sales_history import history
from encours.usecases.watch_promise import watch_all

#: How many month ends before today have their figures kept, for trends.
_MONTHS_BACK = 24


def _copies(day: date) -> str:
    entities = [*Entity.objects.values_list("entity_id", flat=True), parquet.NOBODY]
    for entity_id in entities:
        parquet.ensure(entity_id)
    return f"{len(entities) - 1} entities"


def _receipts(day: date) -> str:
    """Proposals for what waits, and posts where an entity lets certain matches post by themselves."""
    runs = apply_receipts(job("nightly"), day=day)
    proposed, receipts = sum(run.auto + run.review for run in runs), sum(run.receipts for run in runs)
    posted, kept = sum(run.posted for run in runs), sum(len(run.kept_back) for run in runs)
    return f"{proposed} of {receipts} receipts, {posted} posted, {kept} kept back"


def _promises(day: date) -> str:
    """Running tests and drift first, so that nothing posts tonight on a promise that broke; then certificates due."""
    off = watch_all(job("nightly"))
    certificates = certify_matching(job("nightly"))
    return f"{sum(row.made_on == clock.today() for row in certificates)} certificates, {off} kinds switched off"


def _kept(day: date) -> str:
    """Which promises of customers were kept, and which broken, by what was matched."""
    found = judge_promises(job("nightly"), day=day)
    kept, broken = sum(one.kept for one in found), sum(one.broken for one in found)
    return f"{sum(one.promises for one in found)} promises looked at, {kept} kept, {broken} broken"


def _sales(day: date) -> str:
    entities = list(Entity.objects.values_list("entity_id", flat=True))
    return f"{sum(len(history(entity_id)) for entity_id in entities)} entities and currencies"


def _positions(day: date) -> str:
    entities = list(Entity.objects.values_list("entity_id", flat=True))
    return f"{recompute_entities(entities, day)} customers and currencies"


def _trends(day: date) -> str:
    """Month ends and yesterday, where their figures are missing: a first import brings years at once."""
    wanted = [end_of_month(add_months(day.replace(day=1), -n)) for n in range(1, _MONTHS_BACK + 1)]
    wanted += [day - timedelta(days=1)]
    count = 0
    for entity_id in Entity.objects.values_list("entity_id", flat=True):
        known = set(EntityDay.objects.filter(entity_id=entity_id, day__in=wanted).values_list("day", flat=True))
        for missing in sorted(set(wanted) - known):
            count += record_past_day(entity_id, missing)
    return f"{count} days"


def _forecast(day: date) -> str:
    """The cash forecast from tonight's payment dates; past ones are judged by what came."""
    found = forecast_cash(job("nightly"), day=day)
    items, judged = sum(one.items for one in found), sum(one.judged for one in found)
    return f"{items} items, {sum(one.afterwards for one in found)} past days, {judged} weeks judged"


def _chasing(day: date) -> str:
    """Whom to ask today, how and why; what leaves by itself is put into the outbox."""
    done = plan_dunning(job("nightly"), day=day)
    asked, held, queued = (sum(getattr(one, name) for one in done) for name in ("actions", "held", "queued"))
    return f"{asked} actions, {held} items held, {queued} messages queued"


def _printing(day: date) -> str:
    """Letters that were approved go to the print provider's folder; what it says of those that left is read."""
    actor, letters, news = job("nightly"), 0, 0
    for entity_id in actor.entities:
        letters += sum(batch.letters for batch in print_letters(actor, entity_id))
        news += collect_proofs(actor, entity_id).news
    return f"{letters} letters handed over, {news} with news"


def _letters(day: date) -> str:
    """Where we and the ERP's letters say different things, for people to judge; a few days of the past each night."""
    found = find_disagreements(job("nightly"))
    return f"{sum(one.new for one in found)} disagreements, {sum(one.days for one in found)} days replayed"


def _payers(day: date) -> str:
    """How each customer pays, and what is expected when; the model is learnt anew only where it must be."""
    done = learn_payers(job("nightly"), day=day)
    learnt, raised = sum(one.reason not in ("none", "same") for one in done), sum(one.raised for one in done)
    return f"{sum(one.items for one in done)} items expected, {learnt} models learnt, {raised} signals raised"


def _effects(day: date) -> str:
    """What chasing does to each entity's customers: its touches and hold-outs beside the priors."""
    done = learn_effects(job("nightly"), day=day)
    return f"{sum(one.messages for one in done)} messages, {sum(one.held_out for one in done)} beside a hold-out"


def _imports(day: date) -> str:
    return f"{len(repair_imports())} interrupted imports"


#: Step name -> what it does; each may be done again without harm.
STEPS: Mapping[str, Callable[[date], str]] = {
    "imports": _imports,
    "copies": _copies,
    "promises": _promises,
    "receipts": _receipts,
    "kept_promises": _kept,
    "sales": _sales,
    "positions": _positions,
    "payers": _payers,
    "effects": _effects,
    "forecast": _forecast,
    "chasing": _chasing,
    "printing": _printing,
    "trends": _trends,
    "letters": _letters,
}


def run_nightly(day: date, *, again: bool = False, say: Callable[[str], None] = lambda step: None) -> Run:
    """Does what is left of the day's chain; a chain that died goes on at the step it died in.

    With `again` every step is done anew. What each step did stands in the run's summary.
    """
    run = Run.objects.filter(name="nightly", day=day, entity=None).order_by("-pk").first()
    if run is None or again:
        run = Run.objects.create(name="nightly", day=day, started_at=clock.now())
    done: dict[str, str] = dict(run.summary)
    for name, step in STEPS.items():
        if name in done:
            continue
        say(name)
        Run.objects.filter(pk=run.pk).update(step=name, state="running")
        try:
            done[name] = step(day)
        except Exception:
            Run.objects.filter(pk=run.pk).update(state="failed", summary=done)
            raise
        Run.objects.filter(pk=run.pk).update(summary=done)
    Run.objects.filter(pk=run.pk).update(state="done", step="", finished_at=clock.now())
    run.refresh_from_db()
    return run
