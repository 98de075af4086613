"""Passwords: what is asked of them, and argon2id away from the event loop."""

import asyncio
import base64
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pwdlib.hashers.argon2 import Argon2Hasher

from mdreader.features.accounts.errors import WeakPasswordError
from mdreader.kernel.errors import UnavailableError

_T = TypeVar("_T")

MIN_CHARACTERS = 8
PASSPHRASE_CHARACTERS = 16
MAX_CHARACTERS = 256

# OWASP's first choice for argon2id: 19 MiB, 2 passes, 1 lane; some 25 ms of one core.
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
SALT_BYTES = 16
HASH_BYTES = 32

# Hashes at once, at 19 MiB and one core each; the event loop keeps a core. Over MAX_WAITING (two seconds' worth) callers are turned away.
WORKERS = max(1, min(4, (os.cpu_count() or 1) - 1))
MAX_WAITING = 64


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character)[0] not in "LN" and not character.isspace()


_KINDS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("upper", "an upper-case letter", lambda c: unicodedata.category(c) == "Lu"),
    ("lower", "a lower-case letter", lambda c: unicodedata.category(c) == "Ll"),
    ("digit", "a digit", lambda c: unicodedata.category(c) == "Nd"),
    ("symbol", "a symbol", _is_symbol),
)


def normalise(password: str) -> str:
    """NFKC, so that the same keys make the same password on every keyboard and system."""
    return unicodedata.normalize("NFKC", password)


def check_policy(password: str, *, field: str) -> None:
    """Raise `WeakPasswordError` that lists what `password` lacks.

    It needs 8 characters with upper, lower, digit and symbol, or 16 of any kind; at most 256. `field` is its name in the request.
    """
    text = normalise(password)
    lacking: list[tuple[str, str]] = []
    if len(text) > MAX_CHARACTERS:
        lacking.append(("max_length", f"at most {MAX_CHARACTERS} characters"))
    elif len(text) < PASSPHRASE_CHARACTERS:
        if len(text) < MIN_CHARACTERS:
            lacking.append(("length", f"at least {MIN_CHARACTERS} characters"))
        lacking += [(kind, words) for kind, words, has in _KINDS if not any(map(has, text))]
    if lacking:
        wanted = ", ".join(words for _, words in lacking)
        detail = f"The password needs {wanted}."
        if len(text) < PASSPHRASE_CHARACTERS:
            detail += f" A passphrase of {PASSPHRASE_CHARACTERS} characters or more needs nothing else."
        raise WeakPasswordError(
            detail,
            extra={
                "missing": [kind for kind, _ in lacking],
                "errors": [
                    {"loc": ["body", field], "message": f"Needs {words}.", "kind": kind} for kind, words in lacking
                ],
            },
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is right, and its hash anew when the stored one was made with other parameters."""

    right: bool
    rehashed: str | None = None


class Passwords:
    """Hashes and verifies in threads of its own: argon2 lets go of the GIL, and the event loop goes on."""

    def __init__(
        self, *, workers: int = WORKERS, max_waiting: int = MAX_WAITING, hasher: Argon2Hasher | None = None
    ) -> None:
        self._hasher = hasher or Argon2Hasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=HASH_BYTES, salt_len=SALT_BYTES
        )
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="argon2")
        self._capacity = workers + max_waiting
        self._busy = 0
        # The hash of no password: verifying against it costs what verifying a real one costs.
        self._decoy = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${_base64(SALT_BYTES)}${_base64(HASH_BYTES)}"

    async def hash(self, password: str) -> str:
        """The encoded argon2id hash of `password`. `UnavailableError` when too many wait."""
        return await self._run(lambda: self._hasher.hash(_bytes(password)))

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Check `password` against the `stored` hash; None (no such account) takes as long and is never right."""

        def work() -> Verdict:
            right = self._hasher.verify(_bytes(password), stored or self._decoy) and stored is not None
            if right and stored is not None and self._hasher.check_needs_rehash(stored):
                return Verdict(right=True, rehashed=self._hasher.hash(_bytes(password)))
            return Verdict(right)

        return await self._run(work)

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._busy >= self._capacity:
            raise UnavailableError("Many people are logging in. Try again in a moment.", headers={"Retry-After": "2"})
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._busy -= 1

    def close(self) -> None:
        """Let go of the threads; what waits is cancelled."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _bytes(password: str) -> bytes:
    # A lone surrogate has no UTF-8: it must make a password wrong, not an error, and equal to no other.
    return normalise(password).encode("utf-8", "surrogatepass")


def _base64(count: int) -> str:
    return base64.b64encode(os.urandom(count)).decode().rstrip("=")
