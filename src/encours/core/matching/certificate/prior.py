"""The shipped model's own certificates: made on generated books that it was not trained on.

`python -m benchmarks.matching.certify_prior` writes prior_certificate.json anew. What they promise holds for receipts
like those of that benchmark; whether a book is like it shows in its audits.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from encours.core.matching.certificate.certify import Certificate
from encours.core.matching.model import model_digest


@cache
def prior_record() -> dict[str, Any]:
    """What the file says: `model`, `receipts`, `proposals`, `cases`, `certificates` by their targets; {}: no file."""
    file = resources.files("encours.core.matching").joinpath("prior_certificate.json")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def prior_certificate(budget: float) -> Certificate | None:
    """The widest certificate within a budget; None where there is none, or another model was shipped since."""
    record = prior_record()
    if record.get("model") != model_digest():
        return None
    fitting = [one for one in record["certificates"] if one["target"] <= budget]
    return Certificate.of_record(max(fitting, key=lambda one: one["target"])) if fitting else None
