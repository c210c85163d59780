"""What is known of how a customer pays, as the pages show it: the next money, the habit, what is expected of items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from encours.core.behaviour.change import SURE
from encours.core.behaviour.figures import USUAL_RATE
from encours.core.matching.paying_habit import PayingHabit
from encours.store.models import Customer, ItemPrediction, PayerProfile, PaymentModel, Signal
from encours.usecases.expected_files import paid_by, stamp_of
from encours.usecases.paying_habit import paying_habit_of
from encours.usecases.viewing import Viewing

#: Payments that make the usual band, as those that make a payer's quantiles; how far the picture goes back.
BAND_PAYMENTS, PICTURE_DAYS = 50, 548
_BAND_LEAST = 5
#: Later than this is "some day".
_FAR_DAYS = 180
_CERTAIN = 0.995
#: The rule that says that an item is probably paid.
_PAID = "probably_paid"
#: A run day explains a day that lies so near.
_NEAR_DAYS = 3


@dataclass(frozen=True)
class Expected:
    """When an item is expected, as of `as_of`, and what its payer's habit says of it.

    `from_on`, `on`, `to_on`: P10, P50, P90; `mean_on`: the mean; chances 0 … 1.
    """

    as_of: date
    from_on: date
    on: date
    to_on: date
    due_on: date
    mean_on: date
    p_late: float
    p_unpaid_90: float
    p_partial: float
    basis: str
    payments: int
    shift: str | None
    shift_says: str | None
    kind: str | None
    until_on: date | None
    own_p90: int | None
    days_late: int | None
    p_abnormal: float | None
    sentence: str | None

    @property
    def is_late(self) -> bool:
        """Whether it was late already when that was worked out."""
        return self.due_on < self.as_of

    @property
    def any_day(self) -> bool:
        """Whether it should have come by now: the next day is named only because no other one is better."""
        return self.is_late and self.on <= self.as_of + timedelta(days=1)

    @property
    def is_unknown(self) -> bool:
        """Whether no day can be named: nine times of ten it is later than half a year."""
        return self.from_on > self.as_of + timedelta(days=_FAR_DAYS)

    @property
    def is_over(self) -> bool:
        """Whether it already is over a week beyond its payer's habit."""
        return self.kind == "p90_passed" and (self.p_abnormal or 0.0) >= _CERTAIN

    @property
    def is_wide(self) -> bool:
        """Whether its end lies so far away that naming a day would only pretend to know one."""
        return self.to_on > self.as_of + timedelta(days=_FAR_DAYS)


@dataclass(frozen=True)
class NextMoney:
    """The next payment: about `amount` around `on`, eight times of ten between `from_on` and `to_on` (none: later
    than half a year)."""

    on: date
    from_on: date | None
    to_on: date | None
    amount: int
    items: int
    currency: str
    last_due_on: date

    @property
    def sure(self) -> str:
        """days, weeks or unsure: how far apart its ends lie."""
        if self.to_on is None or self.from_on is None:
            return "unsure"
        width = (self.to_on - self.from_on).days
        return "days" if width <= 7 else "weeks" if width <= 21 else "unsure"


@dataclass(frozen=True)
class SignalLine:
    """An alert that stands."""

    kind: str
    raised_on: date
    since_on: date | None
    chance: float
    sentence: str


@dataclass(frozen=True)
class Alone:
    """Late items that are left alone until a day; `cost` a year, in minor units of `cost_currency`, at `rate`
    percent."""

    items: int
    amount: int
    currency: str
    until_on: date
    own_p90: float
    payments: int
    cost: int | None
    cost_currency: str | None
    rate: str = ""


@dataclass(frozen=True)
class Habit:
    """How a customer pays. `figures` are those of core's `payer_figures`; days and shares (0 … 1), None: unknown.

    `run_explains`: the next money lies on one of the payer's run days. `came`: no money is awaited, because what is
    owed is probably paid. `stale`: facts came in since. `says`: how far the forecasts of this book can be trusted.
    """

    as_of: date
    profile: str
    why: str
    payments: int
    figures: dict[str, Any]
    payer_id: str
    payer_name: str | None
    money: NextMoney | None
    run_explains: bool
    moved: str | None
    came: bool
    signals: list[SignalLine]
    alone: Alone | None
    says: str
    stale: bool
    paying: PayingHabit | None = None  # what it settles at once and how it quotes: of the matches that stand now

    @property
    def median(self) -> int | None:
        """The usual delay in days."""
        return _whole(self.figures.get("delay_median"))

    @property
    def p90(self) -> int | None:
        """The delay that nine payments in ten keep."""
        return _whole(self.figures.get("delay_p90"))

    @property
    def changed(self) -> tuple[date, int] | None:
        """Since when payments come by how many days later (before: negative); None where it may be chance."""
        return change_of(self.figures)


def change_of(figures: dict[str, Any]) -> tuple[date, int] | None:
    """The day on which a habit changed and by how many days; None where none did, or only perhaps."""
    on, moved = figures.get("changed_on"), _whole(figures.get("changed_days"))
    if on is None or not moved or (figures.get("change_t") or 0.0) < SURE:
        return None
    return date.fromisoformat(on), moved


def expected_of(viewing: Viewing, item_ids: Iterable[str]) -> dict[str, Expected]:
    """What is expected of some items, by id; nothing on a past day."""
    if viewing.is_past:
        return {}
    rows = viewing.rows(ItemPrediction).filter(item_id__in=list(item_ids))
    return {row.item_id: _expected(row) for row in rows}


def expected_by(viewing: Viewing, customer_ids: Sequence[str]) -> dict[str, Expected]:
    """What is expected of all open items of some customers, by item; nothing on a past day."""
    if viewing.is_past:
        return {}
    return {row.item_id: _expected(row) for row in viewing.rows(ItemPrediction).filter(customer_id__in=customer_ids)}


def _expected(row: ItemPrediction) -> Expected:
    same = (
        "as_of", "due_on", "p_late", "p_unpaid_90", "p_partial", "basis", "payments", "shift", "shift_says", "kind",
        "until_on", "own_p90", "days_late", "p_abnormal", "sentence",
    )  # fmt: skip
    told = {name: getattr(row, name) for name in same}
    return Expected(from_on=row.p10_on, on=row.p50_on, to_on=row.p90_on, mean_on=row.expected_on, **told)


def habit_of(viewing: Viewing, customer_id: str, paying: bool = True) -> Habit | None:
    """How a customer pays, as of the last night; None on a past day and where nothing was learnt yet. `paying`: what
    it pays at once and how it quotes is asked, too."""
    if viewing.is_past:
        return None
    row = viewing.rows(PayerProfile).filter(customer_id=customer_id).first()
    if row is None:
        return None
    model = PaymentModel.objects.defer("text", "trial").filter(entity_id=row.entity_id).first()
    money = _money(row)
    signals = viewing.rows(Signal).filter(customer_id=row.payer_id, gone_on__isnull=True).order_by("-chance", "kind")
    payer = None
    if row.payer_id != customer_id:
        payer = viewing.facts(Customer).filter(customer_id=row.payer_id).values_list("name", flat=True).first()
    return Habit(
        as_of=row.as_of,
        profile=row.profile,
        why=row.why,
        payments=row.payments,
        figures=row.figures,
        payer_id=row.payer_id,
        payer_name=payer,
        money=money,
        run_explains=money is not None and _on_a_run(money.on, row.figures),
        moved=_moved(viewing, customer_id, money),
        came=money is None and viewing.rows(ItemPrediction).filter(customer_id=customer_id, shift=_PAID).exists(),
        signals=[SignalLine(one.kind, one.raised_on, one.since_on, one.chance, one.sentence) for one in signals],
        alone=_alone(row),
        says=model.says if model else "",
        stale=model is not None and model.stamp != stamp_of(row.entity_id),
        paying=paying_habit_of(viewing, customer_id) if paying else None,
    )


def _money(row: PayerProfile) -> NextMoney | None:
    if row.next_on is None or not row.next_amount or row.currency is None or row.next_due_on is None:
        return None
    return NextMoney(
        row.next_on, row.next_from_on, row.next_to_on, row.next_amount, row.next_items or 0, row.currency,
        row.next_due_on,
    )  # fmt: skip


def _moved(viewing: Viewing, customer_id: str, money: NextMoney | None) -> str | None:
    """What moved the items that the next money is of (a promise, a dispute…); where no money is seen, all of them."""
    rows = viewing.rows(ItemPrediction).filter(customer_id=customer_id, shift_says__isnull=False)
    rows = rows.exclude(shift=_PAID)
    if money is not None:
        rows = rows.filter(p50_on__lte=money.on + timedelta(days=2))
    found: str | None = rows.order_by("p50_on", "-open").values_list("shift_says", flat=True).first()
    return found


def _alone(row: PayerProfile) -> Alone | None:
    if not row.alone_items or row.alone_until_on is None or row.currency is None:
        return None
    return Alone(
        row.alone_items, row.alone_amount, row.currency, row.alone_until_on, row.figures.get("delay_p90") or 0.0,
        row.payments, row.late_cost, row.cost_currency, percent_of(row.figures.get("yearly_rate")),
    )  # fmt: skip


def percent_of(yearly_rate: float | None) -> str:
    """A yearly rate in percent, as a whole number; what was learnt before rates were kept stood at the usual one."""
    return str(round(100 * (USUAL_RATE if yearly_rate is None else yearly_rate)))


def _on_a_run(on: date, figures: dict[str, Any]) -> bool:
    """Whether a day is a run day of the payer, or slid from one over a weekend."""
    weekday: int | None = figures.get("run_weekday")
    days: list[int] = figures.get("run_month_days") or []
    if weekday is not None:
        return on.isoweekday() == weekday
    near = [on - timedelta(days=back) for back in range(_NEAR_DAYS + 1)]
    ends = {31} if any((day + timedelta(days=1)).day == 1 for day in near) else set()
    return bool(({day.day for day in near} | ends) & set(days))


def _whole(days: float | None) -> int | None:
    return None if days is None else round(days)


@dataclass(frozen=True)
class Delays:
    """What the picture shows. `paid`: day of payment and days from the due date; `band`: day, P10, median and P90 of
    the payments before it; `late`: days that items still open are late by now."""

    paid: list[tuple[date, int]]
    band: list[tuple[date, float, float, float]]
    late: list[int]
    today: date


def delays_of(viewing: Viewing, customer_id: str) -> Delays | None:
    """The payments of a customer's payer over a year and a half; None where nothing of it may be seen."""
    row = viewing.rows(PayerProfile).filter(customer_id=customer_id).first()
    if row is None or viewing.is_past:
        return None
    together = viewing.rows(PayerProfile).filter(payer_id=row.payer_id).values_list("customer_id", flat=True)
    paid = paid_by(row.entity_id, list(together))
    days, delays = paid["paid_on"].to_list(), paid["delay_days"].to_list()
    since = row.as_of - timedelta(days=PICTURE_DAYS)
    band = []
    for place, day in enumerate(days):
        last = sorted(delays[max(0, place + 1 - BAND_PAYMENTS) : place + 1])
        if day >= since and len(last) >= _BAND_LEAST and (place + 1 == len(days) or days[place + 1] > day):
            band.append((day, *(_quantile(last, share) for share in (0.1, 0.5, 0.9))))
    late = viewing.rows(ItemPrediction).filter(customer_id__in=list(together), due_on__lt=row.as_of)
    return Delays(
        [(day, delay) for day, delay in zip(days, delays, strict=True) if day >= since],
        band,
        [(row.as_of - due).days for due in late.order_by("due_on").values_list("due_on", flat=True)[:100]],
        row.as_of,
    )


def _quantile(ordered: list[int], share: float) -> float:
    """Linear between two values, as core's quantiles."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
