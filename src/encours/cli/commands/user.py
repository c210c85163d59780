"""Make users, list them, give and take roles, reset a password."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from encours.cli.installation import open_installation
from encours.cli.report import CallError, say_table

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
_Home = Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")]
_Email = Annotated[str, typer.Argument(help="The e-mail address that signs in.")]


@app.command("create")
def create(
    email: _Email,
    name: Annotated[str, typer.Option(help="First and last name.")] = "",
    administrator: Annotated[bool, typer.Option("--administrator", help="Administers every entity.")] = False,
    role: Annotated[list[str] | None, typer.Option("--role", help="ENTITY:ROLE, for example 552100554:viewer.")] = None,
    password: Annotated[
        str, typer.Option(envvar="ENCOURS_USER_PASSWORD", help="Default: one is made and printed.")
    ] = "",
    home: _Home = None,
) -> None:
    """Make a user; the password is printed where none was given."""
    open_installation(home)
    from encours.store.rights import job
    from encours.usecases.manage_users import create_user, grant_role

    grants = [_grant(text) for text in role or []]
    secret = password or secrets.token_urlsafe(15)
    user = create_user(job("cli"), email, secret, name=name, superuser=administrator)
    for grant in grants:
        grant_role(job("cli"), user.pk, grant)
    print(f"{user.email} was made." + ("" if password else f" Password: {secret}"))


@app.command("list")
def list_users(home: _Home = None) -> None:
    """List users with their roles."""
    open_installation(home, migrate=False)
    from encours.store.models import User

    rows = []
    for user in User.objects.prefetch_related("entity_roles").order_by("email"):
        roles = ", ".join(f"{row.entity_id}:{row.kind}" for row in user.entity_roles.all())
        rows.append((user.email, "all entities" if user.is_superuser else roles, "" if user.is_active else "blocked"))
    say_table("Users", rows, ("user", "roles", "state"))


@app.command("roles")
def roles(
    email: _Email,
    give: Annotated[list[str] | None, typer.Option("--give", help="ENTITY:ROLE to give.")] = None,
    take: Annotated[list[str] | None, typer.Option("--take", help="ENTITY:ROLE to take away.")] = None,
    home: _Home = None,
) -> None:
    """Give and take roles."""
    open_installation(home, migrate=False)
    from encours.store.models import Role
    from encours.store.rights import job
    from encours.usecases.manage_users import grant_role, revoke_role

    user = _user(email)
    given, taken = [_grant(text) for text in give or []], [_grant(text) for text in take or []]
    for grant in given:
        grant_role(job("cli"), user.pk, grant)
    for grant in taken:
        for row in Role.objects.filter(user=user, entity_id=grant.entity_id, kind=grant.kind):
            revoke_role(job("cli"), row.pk)
    held = [f"{row.entity_id}:{row.kind}" for row in Role.objects.filter(user=user)]
    print(f"{user.email}: {', '.join(held) or 'no role'}")


@app.command("reset")
def reset(
    email: _Email,
    password: Annotated[
        str, typer.Option(envvar="ENCOURS_USER_PASSWORD", help="Default: one is made and printed.")
    ] = "",
    home: _Home = None,
) -> None:
    """Set a new password; it is printed where none was given."""
    open_installation(home, migrate=False)
    from encours.store.rights import job
    from encours.usecases.manage_users import reset_password

    secret = password or secrets.token_urlsafe(15)
    reset_password(job("cli"), _user(email).pk, secret)
    print(f"The password of {email} was set." + ("" if password else f" Password: {secret}"))


def _user(email: str) -> Any:
    from encours.store.models import User

    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise CallError([f"there is no user {email}"])
    return user


def _grant(text: str) -> Any:
    from encours.store.models import Role
    from encours.usecases.manage_users import Grant

    entity_id, _, kind = text.rpartition(":")
    if not entity_id or kind not in Role.Kind.values:
        raise CallError([f"{text!r} is not ENTITY:ROLE with one of {', '.join(Role.Kind.values)}"])
    return Grant(entity_id, kind)
