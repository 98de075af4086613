"""What people must have at hand while they sign in: mailed links, and the codes of their authenticator app."""

from typing import Any

import pyotp
from fastapi import FastAPI

from mdreader.features.accounts.second_factor.totp import STEP_SECONDS
from support.mailbox import mails_to


def app_code(secret: str, now: int, *, steps: int = 0) -> str:
    """What the app shows at `now` (ms), or `steps` of 30 seconds later."""
    return str(pyotp.TOTP(secret).at(now // 1000 + steps * STEP_SECONDS))


async def at_hand(app: FastAPI, email: str, secret: str) -> dict[str, Any]:
    """For templates of requests: `{magic_link_token}` and so on, and three codes of the app that were not used yet."""
    values = {f"{mail.template}_token": mail.token for mail in await mails_to(app, email) if "link" in mail.data}
    if secret:
        now = app.state.runtime.clock.now()
        for name, steps in (("code_before", -1), ("code_now", 0), ("code_next", 1)):
            values.setdefault(name, app_code(secret, now, steps=steps))
    return values
