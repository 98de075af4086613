"""How the adapters of AWS reach it: one way to make a client, and one way to say what went wrong."""

import functools
import threading
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# What a call can fail with, whatever the service.
AwsError: Final = (BotoCoreError, ClientError)

_CONFIG: Final = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 3}, user_agent_appid="mdreader"
)


@dataclass(frozen=True, slots=True)
class Aws:
    """Where AWS is. None: as the SDK finds it, and credentials always so."""

    region: str | None = None
    endpoint_url: str | None = None

    def client(self, service: str, **config: Any) -> Any:
        """A client of `service`, to be called in a thread; `config` overrides how patient it is. Opens no connection yet."""
        with _MAKING:
            return _session().client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint_url,
                config=_CONFIG.merge(Config(**config)) if config else _CONFIG,
            )


# Clients are made for threads, the session that makes them is not. It is one: the first client takes 100 ms, the next ones 5.
_MAKING: Final = threading.Lock()
_session: Final = functools.cache(boto3.session.Session)


def code_of(error: BaseException) -> str:
    """AWS's name for what went wrong, or the error's class."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "")) or "ClientError"
    return type(error).__name__
