"""Credentials that change while the server runs: of the database, of providers."""

from typing import Final, Protocol
from urllib.parse import quote, unquote, urlsplit, urlunsplit


class Secrets(Protocol):
    """Values by name, as `database_url` or `google_client_secret`; names are lower case."""

    def get(self, name: str) -> str | None:
        """The newest value known; no I/O. Ask each time it is needed: it may have been rotated since."""
        ...

    async def refresh(self) -> None:
        """Ask for the newest values now, because one was refused. Several who ask at once cost one question.

        Never raises: when nobody answers, the values stay as they are.
        """
        ...


_SCHEMES: Final = {"postgres": "postgresql", "postgresql": "postgresql", "aurora-postgresql": "postgresql"}


def database_url(configured: str | None, secrets: Secrets) -> str | None:
    """The address of the database with the newest credentials in it; `configured` is the setting.

    A secret may hold a whole `database_url`, or `username` and `password` (what RDS keeps) and perhaps `host`, `port`, `dbname` and
    `engine`. A place that is configured wins over the secret's; credentials of the secret win, as they are what rotates.
    """
    if configured is not None and not configured.startswith("postgresql:"):
        return configured
    whole, user, password = secrets.get("database_url"), secrets.get("username"), secrets.get("password")
    if configured is None and whole is not None:
        return whole
    if whole is not None and user is None and password is None:
        parts = urlsplit(whole)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user is None or password is None:
        return configured
    if configured is None:
        return _from_parts(secrets, user, password)
    place = urlsplit(configured)
    return urlunsplit(place._replace(netloc=f"{_credentials(user, password)}@{place.netloc.rpartition('@')[2]}"))


def _from_parts(secrets: Secrets, user: str, password: str) -> str | None:
    host, scheme = secrets.get("host"), _SCHEMES.get(secrets.get("engine") or "postgres")
    if host is None or scheme is None:
        return None
    name = secrets.get("dbname") or "postgres"
    return f"{scheme}://{_credentials(user, password)}@{host}:{secrets.get('port') or 5432}/{quote(name, safe='')}"


def _credentials(user: str, password: str) -> str:
    return f"{quote(user, safe='')}:{quote(password, safe='')}"
