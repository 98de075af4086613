"""How often one may guess."""

import math
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from mdreader.features.accounts.errors import TooManyAttemptsError
from mdreader.ports.rate_limits import Limit, RateLimits

LOGIN_BY_ACCOUNT: Final = Limit("login_account", 10, 15 * 60)
LOGIN_BY_ADDRESS: Final = Limit("login_address", 100, 15 * 60)
# Sign-ups for one address, from anywhere: as many as somebody needs who mistypes, and of no use to whoever asks whether it is taken.
SIGNUP_BY_ACCOUNT: Final = Limit("signup_account", 10, 60 * 60)
SIGNUP_BY_ADDRESS: Final = Limit("signup_address", 100, 60 * 60)
# Mails that anybody can have sent to anybody: what one mailbox gets, of each kind, and what one address causes.
MAILS_BY_ACCOUNT: Final = Limit("mails_account", 5, 15 * 60)
MAILS_BY_ADDRESS: Final = Limit("mails_address", 50, 60 * 60)
# A new code can be had for each five wrong ones, so wrong ones are counted over a day: 20 of a million.
CODES_BY_ACCOUNT: Final = Limit("codes_account", 20, 24 * 60 * 60)
CODES_BY_ADDRESS: Final = Limit("codes_address", 100, 15 * 60)
CEREMONIES_BY_ADDRESS: Final = Limit("ceremonies_address", 300, 15 * 60)


async def count(limits: RateLimits, limit: Limit, key: str) -> None:
    """Count an attempt before it is made, so that many at once cannot slip through; raises `TooManyAttemptsError`."""
    wait = await limits.hit(limit, key)
    if wait > 0:
        seconds = max(1, math.ceil(wait))
        minutes = math.ceil(seconds / 60)
        raise TooManyAttemptsError(
            f"Try again in {minutes} minute{'s' if minutes > 1 else ''}.", headers={"Retry-After": str(seconds)}
        )


def address_key(address: str) -> str:
    """What counts as one client: an IPv4 address, or an IPv6 /64, as that is what one household gets."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address
