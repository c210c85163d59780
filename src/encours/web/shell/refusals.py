"""What a refused act is to the browser."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404

from encours.usecases.rights import NotAllowedError


def gone_or_forbidden(refused: NotAllowedError) -> Exception:
    """What one may not see does not exist; what one sees and may not do is forbidden."""
    return Http404() if refused.why == "not_visible" else PermissionDenied(refused.why)
