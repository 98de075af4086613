"""The mails of accounts. Each goes out after the commit of the transaction that it speaks of."""

from typing import Any, Final

from mdreader.db.engine import Transaction
from mdreader.features.accounts.client import Client
from mdreader.features.mail.service import enqueue_mail
from mdreader.runtime import Runtime

# Where the page lets people set a new password, and look after their account.
FORGOT_PASSWORD: Final = "/forgot-password"  # noqa: S105 - a path
SECURITY: Final = "/account/security"


async def send(
    runtime: Runtime, tx: Transaction, template: str, *, to: str, client: Client, data: dict[str, Any]
) -> None:
    """Mail `template` with `data`, and where the request came from."""
    seen = {"device": client.device, "address": client.address}
    await enqueue_mail(runtime, tx, template, to=to, data={**{k: v for k, v in seen.items() if v}, **data})


async def notify(runtime: Runtime, tx: Transaction, template: str, to: str, client: Client, **data: Any) -> None:
    """Tell somebody of a change of their account, with a link to look after it."""
    path = FORGOT_PASSWORD if template in {"password_changed", "email_taken"} else SECURITY
    await send(runtime, tx, template, to=to, client=client, data={"link": client.base + path, **data})
