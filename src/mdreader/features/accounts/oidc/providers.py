"""Providers as the settings name them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

GOOGLE_ISSUER: Final = "https://accounts.google.com"
GITHUB_ISSUER: Final = "https://github.com"
GITHUB_API: Final = "https://api.github.com"


@dataclass(frozen=True, slots=True)
class Provider:
    """Where people may have an account that lets them in here.

    `issuer` tells everything else of itself (OpenID Connect Discovery); with `github_api` it is GitHub, which speaks OAuth 2 only and
    is asked there who somebody is.
    """

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    github_api: str | None = None
    newest_secret: Callable[[], str | None] | None = None  # where it rotates

    @property
    def secret(self) -> str:
        """The client's secret as it is now; empty for a public client."""
        return (self.newest_secret and self.newest_secret()) or self.client_secret


def google(client_id: str, client_secret: str) -> Provider:
    """Google, which speaks OpenID Connect."""
    return Provider("google", "Google", GOOGLE_ISSUER, client_id, client_secret)


def github(client_id: str, client_secret: str) -> Provider:
    """GitHub, which does not."""
    return Provider("github", "GitHub", GITHUB_ISSUER, client_id, client_secret, github_api=GITHUB_API)
