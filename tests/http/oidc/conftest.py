"""A provider on this machine that the application knows."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.oidc.client import ProviderClient
from mdreader.features.accounts.oidc.providers import Provider
from support.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, running_provider


@pytest.fixture(scope="module")
def listening() -> Iterator[OidcProvider]:
    with running_provider() as made:
        yield made


@pytest.fixture
def provider(listening: OidcProvider, app: FastAPI) -> OidcProvider:
    """Honest again, and known to the application as `acme` and `github`."""
    url = listening.url
    listening.__dict__.update(OidcProvider(url=url).__dict__)
    known = identity_of(app.state.runtime).providers
    known["acme"] = ProviderClient(Provider("acme", "Acme", url, CLIENT_ID, CLIENT_SECRET))
    known["github"] = ProviderClient(Provider("github", "GitHub", url, CLIENT_ID, CLIENT_SECRET, github_api=url))
    return listening
