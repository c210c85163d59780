"""Who may see and do what: the one place that decides it, for pages, use cases and commands alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from encours.store.models import (
    Allocation,
    AllocationElsewhere,
    Comment,
    Contact,
    ContactOutcome,
    Customer,
    CustomerLink,
    CustomerPosition,
    Decision,
    Delegation,
    Dispute,
    DisputeCare,
    Document,
    DunningMark,
    Entity,
    Event,
    ForecastCause,
    ForecastCustomer,
    ForecastItem,
    HeldItem,
    Hold,
    ImportFile,
    ImportIssue,
    Instrument,
    InstrumentItem,
    Item,
    ItemPrediction,
    MatchElsewhere,
    Message,
    MessageItem,
    Note,
    Order,
    PayerAlias,
    PayerProfile,
    PaymentPlan,
    PlannedAction,
    PlannedLine,
    PortfolioMember,
    Promise,
    PromiseResult,
    Proposal,
    ProposalLine,
    PublishedStatement,
    Rate,
    Receipt,
    RejectedLine,
    Role,
    ScenarioChoice,
    Signal,
    StepNotice,
    Task,
    Touch,
    User,
)

M = TypeVar("M", bound=Model)

_VIEWER, _COLLECTOR, _CASH = Role.Kind.VIEWER.value, Role.Kind.COLLECTOR.value, Role.Kind.CASH_APPLICATION.value
_MANAGER, _SALES, _ADMINISTRATOR = (
    Role.Kind.CREDIT_MANAGER.value,
    Role.Kind.SALES.value,
    Role.Kind.ADMINISTRATOR.value,
)
_EVERYONE = frozenset(Role.Kind.values)


@dataclass(frozen=True)
class Act:
    """Something a person may be allowed to do. `roles` do it unless a delegation says otherwise."""

    code: str
    roles: frozenset[str]
    has_amount: bool = False


def _act(code: str, *roles: str, has_amount: bool = False) -> Act:
    return Act(code, frozenset(roles) | {_ADMINISTRATOR}, has_amount)


#: Act code -> its declaration. Codes are neutral; screens translate them.
ACTS: Mapping[str, Act] = {
    act.code: act
    for act in (
        Act("see", _EVERYONE),
        Act("export_list", _EVERYONE),
        _act("import_files", _CASH, _MANAGER),
        _act("accept_match", _CASH, _MANAGER, has_amount=True),
        _act("undo_match", _CASH, _MANAGER, has_amount=True),
        _act("rewind_run", _MANAGER, has_amount=True),
        _act("activate_automatic_posting", _MANAGER, has_amount=True),
        _act("set_error_budget", _MANAGER),
        _act("switch_stratum", _MANAGER),
        _act("judge_match", _CASH, _MANAGER),
        _act("certify_matching", _CASH, _MANAGER),
        _act("export", _CASH, _MANAGER, has_amount=True),
        _act("close_period", _MANAGER),
        _act("reopen_period", _MANAGER),
        _act("enter_ledger_balance", _CASH, _MANAGER),
        _act("write_note", _COLLECTOR, _CASH, _MANAGER, _SALES),
        _act("see_audit", _MANAGER),
        _act("see_rights", _MANAGER),
        _act("manage_users"),
        _act("manage_settings"),
        _act("manage_portfolios", _MANAGER),
        _act("write_off", _MANAGER, has_amount=True),
        _act("book_advance", _CASH, _MANAGER, has_amount=True),
        _act("mark_not_customer", _CASH, _MANAGER, has_amount=True),
        _act("open_dispute", _COLLECTOR, _CASH, _MANAGER, has_amount=True),
        _act("plan_dunning", _COLLECTOR, _MANAGER),
        _act("approve_message", _COLLECTOR, _MANAGER, has_amount=True),
        _act("bulk_send", _COLLECTOR, _MANAGER, has_amount=True),
        _act("recall_message", _COLLECTOR, _MANAGER),
        _act("send_formal_notice", _MANAGER, has_amount=True),
        _act("lift_test_mode", _MANAGER),
        _act("edit_template", _MANAGER),
        _act("edit_scenario", _MANAGER),
        _act("activate_scenario", _MANAGER),
        _act("run_experiment", _MANAGER),
        _act("choose_scenario", _COLLECTOR, _MANAGER),
        _act("hold_dunning", _COLLECTOR, _MANAGER, has_amount=True),
        _act("ask_hold", _COLLECTOR, _SALES, _MANAGER),
        _act("decide_objection", _MANAGER),
        _act("pin_action", _MANAGER),
        _act("log_contact", _COLLECTOR, _SALES, _MANAGER),
        _act("record_promise", _COLLECTOR, _SALES, _MANAGER, has_amount=True),
        _act("agree_plan", _MANAGER, has_amount=True),
        _act("manage_contacts", _COLLECTOR, _CASH, _MANAGER),
        _act("assign_task", _COLLECTOR, _CASH, _MANAGER),
        _act("write_comment", _COLLECTOR, _CASH, _MANAGER, _SALES),
        _act("publish_statement", _MANAGER),
        _act("print_iban", _MANAGER),
        _act("set_strategy", _MANAGER),
    )
}


@dataclass(frozen=True)
class Permission:
    """Whether an act may be done. With `second_signature` another person must do it too; `why` is a stable code.

    Codes: allowed, unknown_act, no_role, amount_over_limit, second_signature_needed.
    """

    ok: bool
    second_signature: bool = False
    why: str = "allowed"

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True)
class _Grant:
    amount_max: int | None = None
    second_from: int | None = None
    second_role: str = ""

    def permission(self, amount: int | None) -> Permission:
        size = None if amount is None else abs(amount)
        if size is not None and self.amount_max is not None and size > self.amount_max:
            return Permission(False, why="amount_over_limit")
        if size is not None and self.second_from is not None and size >= self.second_from:
            return Permission(True, True, "second_signature_needed")
        return Permission(True)


@dataclass
class Actor:
    """A person (or a job) with today's rights. Build it with `actor_of` or `job`.

    `roles`: entity id -> role kinds. `portfolios`: entity id -> portfolio ids that limit what is seen there; an entity
    without an entry is seen whole (one unlimited role is enough).
    """

    user: User | None
    name: str  # as the audit writes it: user:<id> or job:<name>
    roles: dict[str, frozenset[str]]
    portfolios: dict[str, frozenset[int]] = field(default_factory=dict)
    is_job: bool = False

    @property
    def entities(self) -> tuple[str, ...]:
        """Ids of the entities it sees, in order."""
        return tuple(sorted(self.roles))

    @property
    def is_superuser(self) -> bool:
        """Whether it administers the whole installation."""
        return self.is_job or bool(self.user is not None and self.user.is_active and self.user.is_superuser)

    def sees(self, entity_id: str) -> bool:
        """Whether the entity is visible at all."""
        return entity_id in self.roles

    def may(self, act: str, entity_id: str | None, amount: int | None = None) -> Permission:
        """Whether the act is allowed in the entity for this amount (minor units of its currency, sign ignored).

        Without an entity: whether it is allowed in any of the visible ones.
        """
        if act not in ACTS:
            return Permission(False, why="unknown_act")
        if self.is_superuser and (entity_id is None or self.is_job):
            return Permission(True)
        wanted = self.entities if entity_id is None else (entity_id,)
        found = [grant.permission(amount) for entity in wanted for grant in self._grants(ACTS[act], entity)]
        # The kindest grant counts: plainly allowed, then with a second signature, then the limit that was passed.
        return min(found, key=lambda p: (not p.ok, p.second_signature), default=Permission(False, why="no_role"))

    def may_sign_second(self, act: str, entity_id: str, amount: int | None, first_user_id: int | None) -> Permission:
        """Whether this actor may give the second signature to an act that `first_user_id` began.

        Nobody approves their own act; the second must hold the act up to the amount (or the role the delegation names).
        """
        if self.user is not None and self.user.pk == first_user_id:
            return Permission(False, why="own_act")
        own = self.may(act, entity_id, amount)
        if own.ok:
            return Permission(True)
        named = {row.second_role_kind for row in self._delegations if row.act == act and row.entity_id == entity_id}
        return Permission(True) if named & self.roles.get(entity_id, frozenset()) else own

    def _grants(self, act: Act, entity_id: str) -> list[_Grant]:
        kinds = self.roles.get(entity_id)
        if kinds is None:
            return []
        rows = [row for row in self._delegations if row.act == act.code and row.entity_id == entity_id]
        personal = [_grant(row) for row in rows if row.user_id is not None and row.user_id == self._user_id]
        if personal:  # what names the person says more than what names the role
            return personal
        grants = []
        for kind in kinds:
            of_role = [_grant(row) for row in rows if row.role_kind == kind and row.user_id is None]
            grants += of_role or ([_Grant()] if kind in act.roles else [])
        return grants

    @property
    def _user_id(self) -> int | None:
        return None if self.user is None else self.user.pk

    @cached_property
    def _delegations(self) -> list[Delegation]:
        return list(Delegation.objects.filter(entity_id__in=self.entities, ended_at__isnull=True))

    def scope(self, rows: QuerySet[M] | type[M], entity_ids: Iterable[str] | None = None) -> QuerySet[M]:
        """The rows it may see: of its entities (of `entity_ids` among them) and within its portfolios.

        Takes a query set or a model. Rates belong to nobody and are seen by everybody; a model that says neither its
        entity nor its customer is a programming error (TypeError).
        """
        queryset: QuerySet[Any] = rows._default_manager.all() if isinstance(rows, type) else rows
        model = queryset.model
        if model is Rate:
            return queryset
        wanted = set(self.roles) if entity_ids is None else set(self.roles) & set(entity_ids)
        prefix = _PREFIX.get(model, "")
        if not prefix and not any(f.attname == "entity_id" for f in model._meta.concrete_fields):
            raise TypeError(f"{model.__name__} names no entity: rights cannot scope it")
        whole = sorted(wanted - set(self.portfolios))
        limited = sorted(wanted & set(self.portfolios))
        condition = Q(**{f"{prefix}entity_id__in": whole})
        for entity_id in limited:
            inside = _within(model, self._customers(entity_id))
            if inside is not None:
                condition |= Q(**{f"{prefix}entity_id": entity_id}) & inside
        seen_whole = set(self.roles) - set(self.portfolios)
        if model is Allocation:  # what money of another entity settled here is this entity's to know
            here = AllocationElsewhere.objects.filter(other_id__in=sorted(wanted & seen_whole))
            condition |= Q(allocation_id__in=here.values("allocation_id"))
        if model in _BETWEEN:  # of another entity's items only who sees that entity whole may know
            unseen = MatchElsewhere.objects.exclude(other_id__in=sorted(seen_whole)).values("proposal_id")
            condition &= ~Q(**{f"{_BETWEEN[model]}__in": unseen})
        return queryset.filter(condition)

    def _customers(self, entity_id: str) -> QuerySet[Any]:
        """Ids of the customers in the portfolios that limit it in an entity, as a subquery."""
        mine = self.portfolios[entity_id]
        by_hand = PortfolioMember.objects.filter(portfolio_id__in=mine).values("customer_id")
        inside = Q(customer_id__in=by_hand)
        for column, named in _named_owners(mine).items():
            if named:
                inside |= Q(**{f"{column}__in": named})
        return Customer.objects.filter(inside, entity_id=entity_id, is_current=True).values("customer_id")


def _grant(row: Delegation) -> _Grant:
    return _Grant(row.amount_max, row.second_signature_from, row.second_role_kind)


def _named_owners(portfolio_ids: Iterable[int]) -> dict[str, list[str]]:
    """Column of a customer -> whom the portfolios name in it."""
    from encours.store.models import Portfolio

    rows = Portfolio.objects.filter(pk__in=list(portfolio_ids)).values_list("collector", "sales_owner")
    found = list(rows)
    return {
        "collector": [collector for collector, _ in found if collector],
        "sales_owner": [owner for _, owner in found if owner],
    }


#: Models whose entity stands one row further.
_PREFIX: Mapping[type[Model], str] = {
    ImportFile: "owner__",
    ImportIssue: "owner__",
    RejectedLine: "file__owner__",
    ProposalLine: "proposal__",
    PlannedLine: "action__",
    PortfolioMember: "portfolio__",
    MessageItem: "message__",
}

#: Models of proposals, which may settle another entity's items, and where they name the proposal.
_BETWEEN: Mapping[type[Model], str] = {Proposal: "pk", ProposalLine: "proposal_id"}

_BY_CUSTOMER = (Customer, CustomerLink, PayerAlias, Contact, Item, Instrument, Promise, Order, Touch, CustomerPosition)
#: What was worked out about one customer.
_ABOUT_CUSTOMER = (ItemPrediction, PayerProfile, Signal, ForecastCustomer, ForecastItem, ForecastCause)
#: What is planned with one customer.
_PLANNED = (PlannedAction, HeldItem, DunningMark, StepNotice, ScenarioChoice)
#: What customers said, and what people do about it.
_SAID = (ContactOutcome, PaymentPlan, PromiseResult, Hold, DisputeCare, Task, Comment)
_BY_ITEM = (Document, Allocation, Dispute, InstrumentItem)
#: What a portfolio does not narrow, because it is about the entity and shows no single customer.
_OF_ENTITY = (Entity, Role)


def _within(model: type[Model], customers: QuerySet[Any]) -> Q | None:
    """What a portfolio leaves of a model; None: nothing (files, statements and totals show more than a portfolio)."""
    if model in (*_BY_CUSTOMER, *_ABOUT_CUSTOMER, *_PLANNED, *_SAID) or model in (Note, Message, PublishedStatement):
        return Q(customer_id__in=customers)
    if model is MessageItem:
        return Q(message__customer_id__in=customers)
    items = Item.objects.filter(customer_id__in=customers).values("item_id")
    if model in _BY_ITEM:
        return Q(item_id__in=items)
    paying = Allocation.objects.filter(item_id__in=items, receipt_id__isnull=False).values("receipt_id")
    if model is Receipt:
        return Q(customer_id__in=customers) | Q(receipt_id__in=paying)
    if model is Proposal:
        return Q(customer_id__in=customers)
    if model in (ProposalLine, PlannedLine):
        return Q(item_id__in=items)
    if model is Decision:
        return Q(subject_id__in=paying) | Q(subject_id__in=items)
    if model is Event:
        return Q(subject="customer", subject_id__in=customers) | Q(subject="item", subject_id__in=items)
    if model in _OF_ENTITY:
        return Q()
    return None


def actor_of(user: Any) -> Actor:
    """The actor behind a signed-in user; one without a single right for nobody, a stranger or a blocked account."""
    if not isinstance(user, User) or not user.is_active:
        return Actor(None, "nobody", {})
    name = f"user:{user.pk}"
    if user.is_superuser:
        every = Entity.objects.values_list("entity_id", flat=True)
        return Actor(user, name, {entity_id: frozenset({_ADMINISTRATOR}) for entity_id in every})
    roles: dict[str, set[str]] = {}
    limits: dict[str, set[int]] = {}
    whole: set[str] = set()
    for entity_id, kind, portfolio_id in Role.objects.filter(user=user).values_list("entity", "kind", "portfolio"):
        roles.setdefault(entity_id, set()).add(kind)
        if portfolio_id is None:
            whole.add(entity_id)
        else:
            limits.setdefault(entity_id, set()).add(portfolio_id)
    narrowed = {entity: frozenset(ids) for entity, ids in limits.items() if entity not in whole}
    return Actor(user, name, {entity: frozenset(kinds) for entity, kinds in roles.items()}, narrowed)


def job(name: str) -> Actor:
    """The actor of a job or of a command on the machine itself: everything in every entity, under its own name."""
    every = Entity.objects.values_list("entity_id", flat=True)
    return Actor(None, f"job:{name}", {entity_id: frozenset({_ADMINISTRATOR}) for entity_id in every}, is_job=True)
