"""Secrets of AWS Secrets Manager: one secret, a JSON object, read at the start and again when it was rotated."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from mdreader.adapters.aws import AwsError, code_of
from mdreader.kernel.background import in_background

log = structlog.get_logger(__name__)

# A rotation is noticed at once by whoever is refused; this is for values that nobody refuses us for.
EVERY_SECONDS: Final = 300.0
# When a database refuses every connection, each of them asks; the service is asked this often at most.
PAUSE_SECONDS: Final = 1.0


class SecretsUnreadableError(Exception):
    """The secret cannot be had, or is not a JSON object; the message says what to do."""


class AwsSecrets:
    """The newest values of the secret `arn`. Start it with `load`."""

    def __init__(
        self,
        client: Any,
        arn: str,
        *,
        every: float = EVERY_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._arn = arn
        self._every = every
        self._now = now
        self._values: Mapping[str, str] = {}
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    def load(self) -> Mapping[str, str]:
        """Fetch every value, by lower-case name; blocks. Raises `SecretsUnreadableError`."""
        try:
            answer = self._client.get_secret_value(SecretId=self._arn)
        except AwsError as error:
            hint = "Allow secretsmanager:GetSecretValue on it to this server's role (and kms:Decrypt on its key)."
            raise SecretsUnreadableError(f"The secret SECRETS_ARN cannot be read: {code_of(error)}. {hint}") from error
        try:
            found = json.loads(answer.get("SecretString", ""))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise SecretsUnreadableError('The secret SECRETS_ARN is not a JSON object, such as {"password": "..."}.')
        self._values = {str(name).lower(): str(value) for name, value in found.items() if value is not None}
        self._asked_at = self._now()
        return self._values

    def get(self, name: str) -> str | None:
        """See `ports.secrets.Secrets`."""
        return self._values.get(name) or None

    async def refresh(self) -> None:
        """See `ports.secrets.Secrets`."""
        async with self._asking:
            if self._now() - self._asked_at < PAUSE_SECONDS:
                return  # somebody else asked meanwhile, and the answer is here
            before = self._values
            self._asked_at = self._now()
            try:
                await asyncio.to_thread(self.load)
            except SecretsUnreadableError as error:
                log.warning("secrets_not_refreshed", reason=str(error))
                return
        changed = sorted(name for name in {*before, *self._values} if before.get(name) != self._values.get(name))
        if changed:
            log.info("secrets_changed", names=changed)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ask again every now and then while the block runs."""
        async with in_background(self._keep_fresh()):
            yield

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await self.refresh()
