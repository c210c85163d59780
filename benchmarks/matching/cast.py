"""Who plays: customers with their habits, parents and their subsidiaries, public bodies behind treasuries, accounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from benchmarks.matching.draws import Bools, Draws, Ints
from benchmarks.matching.names import company_names, ibans, spelled
from benchmarks.matching.profile import IDENTITY, Profile

ENTITIES = ("A", "B")
_PARENTS, _TREASURIES = 0.04, 0.006
_TERMS = np.array([30, 30, 45, 60])


@dataclass(frozen=True)
class Cast:
    """Arrays by customer, then by payer: the customers first, then the treasuries.

    `first_member` and `members` give the customers a payer pays for (subsidiaries, public bodies; 0: none). Customers
    that pay what is due have `pays_due`; `omits` is how often a customer leaves references out. `accounts`: payer,
    iban, payer_name, known, identity.
    """

    entity: Ints
    public: Bools
    parent: Ints
    weight: Ints
    omits: np.ndarray
    pays_due: Bools
    terms: Ints
    lateness: Ints
    median: Ints
    recurring: Ints
    names: pl.DataFrame
    customer_ids: pl.Series
    first_member: Ints
    members: Ints
    accounts: pl.DataFrame
    first_account: Ints
    account_count: Ints

    @property
    def count(self) -> int:
        """How many customers."""
        return len(self.entity)


def make_cast(profile: Profile, receipts: int, seed: int) -> Cast:
    """The customers of a book with so many receipts."""
    draws = Draws(seed, "cast")
    count = max(40, receipts // profile.receipts_per_customer)
    parents, treasuries = max(2, round(count * _PARENTS)), max(2, round(count * _TREASURIES))
    subsidiaries, bodies = draws.between(1, 4, parents), draws.between(3, 6, treasuries)
    first_public = parents + int(subsidiaries.sum())
    last_public = first_public + int(bodies.sum())
    place = np.arange(count)
    public = (place >= first_public) & (place < last_public)
    parent = np.full(count, -1)
    parent[parents:first_public] = np.repeat(np.arange(parents), subsidiaries)
    block = place.copy()  # who shares a payer belongs to one entity
    block[parents:first_public] = parent[parents:first_public]
    block[public] = np.repeat(np.arange(treasuries), bodies)
    first_member, members = np.zeros(count + treasuries, dtype=np.int64), np.zeros(count + treasuries, dtype=np.int64)
    members[:parents], members[count:] = subsidiaries, bodies
    first_member[:parents] = parents + np.cumsum(subsidiaries) - subsidiaries
    first_member[count:] = first_public + np.cumsum(bodies) - bodies
    entity = block % profile.entities
    names = company_names(draws, public)
    payer_entity = np.concatenate([entity, entity[first_member[count:]]])
    accounts, first_account, account_count = _accounts(profile, names, treasuries, draws)
    number = pl.Series(draws.shuffled(place)).cast(pl.String).str.zfill(6)
    labels = pl.DataFrame({"entity": np.array(ENTITIES)[entity], "number": number})
    return Cast(
        entity=payer_entity[:count],
        public=public,
        parent=parent,
        names=names,
        customer_ids=labels.select(id=pl.format("{}:C{}", "entity", "number"))["id"],
        first_member=first_member,
        members=members,
        accounts=accounts,
        first_account=first_account,
        account_count=account_count,
        **_habits(profile, public, draws),
    )


def _habits(profile: Profile, public: Bools, draws: Draws) -> dict[str, np.ndarray]:
    count = len(public)
    group = draws.dealt(list(profile.omission.values()), count)
    last = len(profile.omission) - 1
    median = draws.lognormal(60_000, 1.0, count)
    amounts = draws.lognormal(np.repeat(median, 4), 0.8, 4 * count).reshape(count, 4)
    repeats = np.isin(np.arange(count), draws.favoured(np.ones(count), round(profile.recurring_customers * count)))
    return {
        "weight": draws.lognormal(1_000, 0.85, count),
        "omits": np.array(list(profile.omission))[group],
        "pays_due": (group == last) & ~public,
        "terms": _TERMS[draws.below(len(_TERMS), count)],
        "lateness": draws.below(30, count),
        "median": median,
        "recurring": np.where(repeats[:, None], amounts, 0),
    }


def _accounts(profile: Profile, names: pl.DataFrame, treasuries: int, draws: Draws) -> tuple[pl.DataFrame, Ints, Ints]:
    places = company_names(draws, np.ones(treasuries, dtype=bool))
    holders = places.with_columns(body=pl.lit("SGC DE"), name=pl.format("SGC DE {}", "word"))
    everyone = pl.concat([names, holders])
    each = draws.dealt(profile.accounts, everyone.height) + 1
    each[names.height :] = 1
    payer = np.repeat(np.arange(everyone.height), each)
    count = len(payer)
    style = draws.dealt([profile.identity[word] for word in IDENTITY], count)
    known = np.isin(np.arange(count), draws.favoured(np.ones(count), round(profile.ibans_known * count)))
    frame = pl.DataFrame(
        {"payer": payer, "iban": ibans(draws, count), "payer_name": spelled(everyone[payer], style, draws)}
    ).with_columns(known=pl.Series(known), identity=pl.Series(np.array(IDENTITY)[style]))
    return frame, np.cumsum(each) - each, each


def cast_tables(cast: Cast, currency: str = "EUR") -> dict[str, pl.DataFrame]:
    """The Book's entities, customers, customer_links and payer_aliases: half of the IBANs and payers are known."""
    used = sorted(set(cast.entity.tolist()))
    entities = pl.DataFrame(
        [(ENTITIES[code], f"SYNTHETIC SELLER {ENTITIES[code]}", "FR", currency) for code in used],
        schema=["entity_id", "name", "country", "currency"],
        orient="row",
    )
    ids = cast.customer_ids
    customers = cast.names.select(
        "name",
        customer_id=ids,
        entity_id=ids.str.head(1),
        kind=pl.when("public").then(pl.lit("public")).otherwise(pl.lit("business")),
        country=pl.lit("FR"),
    )
    child = np.flatnonzero(cast.parent >= 0)
    legal = pl.DataFrame({"customer_id": ids[child], "other_id": ids[cast.parent[child]]})
    links = pl.concat(
        [
            legal.with_columns(role=pl.lit("legal_parent")),
            legal.gather_every(2).with_columns(role=pl.lit("payer")),
        ]
    )
    return {
        "entities": entities,
        "customers": customers,
        "customer_links": links,
        "payer_aliases": _aliases(cast),
    }


def _aliases(cast: Cast) -> pl.DataFrame:
    known = cast.accounts.filter("known")
    own = known.filter(pl.col("payer") < cast.count).select("iban", customer="payer")
    shared = known.filter(pl.col("payer") >= cast.count)
    payer = shared["payer"].to_numpy()
    members = cast.members[payer]
    places = np.repeat(cast.first_member[payer] - np.cumsum(members) + members, members) + np.arange(members.sum())
    behind = pl.DataFrame(
        {"iban": shared["iban"].gather(np.repeat(np.arange(len(payer)), members)), "customer": places}
    )
    both = pl.concat([own, behind])
    return both.select(
        customer_id=cast.customer_ids[both["customer"]], kind=pl.lit("iban"), value="iban", source=pl.lit("master data")
    )
