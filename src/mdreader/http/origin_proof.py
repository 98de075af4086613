"""Whether a request came through what stands in front, such as a content delivery network, and not around it."""

import hmac
from typing import Final

from mdreader.runtime import Policy

HEADER: Final = "x-mdreader-origin"
# Asked by those who watch this very process, past what stands in front; they tell nothing, or want a token of their own.
_OPEN: Final = {"/api/health", "/api/ready", "/metrics"}


def came_through(policy: Policy, path: str, proof: str | None) -> bool:
    """Whether a request for `path` may come in; `proof` is its `X-Mdreader-Origin` header.

    Several values hold at once, so that one can follow another while requests go on.
    """
    if not policy.origin_secrets or path in _OPEN:
        return True
    given = (proof or "").encode()
    return any(hmac.compare_digest(given, known.encode()) for known in policy.origin_secrets)
