"""The demonstration: a sample company's own files through the real path, and a user who may do everything."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from encours.connectors.book_folder import read_book
from encours.core.base.issue import CallError
from encours.core.sample.options import SampleOptions
from encours.store.models import Customer, Entity, Item, User
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.demo_workflow import add_letterhead, add_workflow
from encours.usecases.import_files import import_now
from encours.usecases.make_sample import make_sample
from encours.usecases.manage_users import create_user, reset_password
from encours.usecases.run_nightly import run_nightly

EMAIL = "demo@encours.example"
_MONTHS = 18


@dataclass(frozen=True)
class Demo:
    """What the demonstration shows and how to sign in."""

    company: str
    customers: int
    items: int
    email: str
    password: str


def build_demo(home: Path, customers: int, say: Callable[[str], None] = lambda step: None) -> Demo:
    """Builds it once; every step may be repeated, so that a start that was stopped goes on where it was.

    The password is made on this machine and kept in the data folder, readable by its owner alone.
    Raises CallError where the installation is already in use: a sample company is not mixed into real books.
    """
    done = home / "demo.json"
    if not done.exists():
        _check_free(home)
        _build(home, customers, say)
        done.write_text(json.dumps({"built_on": clock.today().isoformat()}))
    run_nightly(clock.today(), say=say)
    password = _user(home)
    entity = Entity.objects.order_by("pk").first()
    return Demo(
        entity.name if entity else "",
        Customer.objects.filter(is_current=True).count(),
        Item.objects.filter(is_current=True).count(),
        EMAIL,
        password,
    )


def _check_free(home: Path) -> None:
    begun = (home / "sample").exists()  # a start that was stopped
    if not begun and (Entity.objects.exists() or User.objects.exists()):
        raise CallError([f"the installation in {home} is in use; name another folder for the demonstration: --home"])


def _build(home: Path, customers: int, say: Callable[[str], None]) -> None:
    sample = home / "sample"
    if not (sample / "ready").exists():
        options = SampleOptions(last_day=clock.today() - timedelta(days=1), customers=customers, months=_MONTHS)
        make_sample(sample, options, files=True, say=say)
        (sample / "ready").write_text(json.dumps(asdict(options), default=str))
    # A FEC knows its company by SIREN only: its name is what an administrator would type first.
    for row in read_book(sample)[0].entities.iter_rows(named=True):
        Entity.objects.get_or_create(entity_id=row.pop("entity_id"), defaults=row)
    import_now(job("demo"), None, [sample / "files"], progress=say)
    add_workflow(sample)
    add_letterhead(sample)


def _user(home: Path) -> str:
    path = home / "demo-password"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(12))
    password = path.read_text()
    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        create_user(job("demo"), EMAIL, password, name="Demo Encours", superuser=True)
    elif not user.check_password(password):  # the file is what the command prints: it holds
        reset_password(job("demo"), user.pk, password)
    return password
