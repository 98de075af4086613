"""Whom this machine trusts, read once: each client that reads it for itself keeps everything else waiting for 30 ms."""

import functools
import ssl
from typing import Final

# To be used, not changed: all clients that speak to others have this very one.
system_tls: Final = functools.cache(ssl.create_default_context)
