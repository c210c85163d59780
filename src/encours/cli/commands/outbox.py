"""What stands in the outbox; send what is due, ask after uncertain messages, read what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation
from encours.cli.report import say_table


def command(
    send: Annotated[bool, typer.Option("--send", help="Send what is due, then leave.")] = False,
    mailboxes: Annotated[bool, typer.Option("--mailboxes", help="Settle what is uncertain, read bounces.")] = False,
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """Show the outbox. `encours worker` sends by itself; --send does one round of it, as a schedule would."""
    open_installation(home)
    from encours.usecases.run_outbox import empty_outbox, look_into_mailboxes, outbox_states

    if send:
        done = empty_outbox()
        rows = [(name, str(getattr(done, name))) for name in ("sent", "cancelled", "retried", "failed", "uncertain")]
        say_table(
            "Sent", rows + [(f"{entity} stands still", why) for entity, why in done.stopped.items()], ("what", "")
        )
    if mailboxes:
        settled, read = look_into_mailboxes()
        rows = [("found to have left", str(settled.left)), ("sent again", str(settled.queued)),
                ("still uncertain", str(settled.open)), ("letters read", str(read.letters)),
                ("notices of ours", str(read.notices)), ("messages bounced", str(read.bounced)),
                ("contacts marked", str(read.contacts))]  # fmt: skip
        rows += [("fault", fault) for fault in (*settled.faults, *read.faults)]
        say_table("Mailboxes", rows, ("what", ""))
    counted = [(entity, state, f"{count:,}") for entity, state, count in outbox_states()]
    say_table("Outbox", counted or [("", "empty", "0")], ("entity", "state", "messages"))
