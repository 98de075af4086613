"""Passwords: the policy, and hashing that neither blocks the loop nor tells who has an account."""

import asyncio
import threading

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from mdreader.features.accounts.errors import WeakPasswordError
from mdreader.features.accounts.passwords import Passwords, check_policy
from mdreader.kernel.errors import UnavailableError


class CountingHasher(Argon2Hasher):
    """Cheap parameters, and a note of each call's thread."""

    def __init__(self, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.verified: list[str] = []
        self.threads: list[str] = []

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - pwdlib's name
        self.verified.append(str(hash))
        self.threads.append(threading.current_thread().name)
        return super().verify(password, hash)


@pytest.mark.parametrize(
    "password",
    [
        "Abcdef1!",
        "Straße-9",
        "ΑΒγδ-123",  # any script has upper and lower case
        "correct horse battery",
        "aaaaaaaaaaaaaaaa",
        "漢字漢字漢字漢字漢字漢字漢字漢字",
        "Пароль-1",
        "x" * 256,
    ],
)
def test_passwords_that_are_strong_enough(password: str) -> None:
    check_policy(password, field="password")


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("", ["length", "upper", "lower", "digit", "symbol"]),
        ("Abcde1!", ["length"]),
        ("abcdef1!", ["upper"]),
        ("ABCDEF1!", ["lower"]),
        ("Abcdefg!", ["digit"]),
        ("Abcdefg1", ["symbol"]),
        ("abcdefgh", ["upper", "digit", "symbol"]),
        ("Abcdef1 ", ["symbol"]),  # a space is no symbol
        ("aaaaaaaaaaaaaaa", ["upper", "digit", "symbol"]),  # 15
        ("x" * 257, ["max_length"]),
        ("\ufdfa" * 16, ["max_length"]),  # 18 characters each after NFKC
    ],
)
def test_what_is_missing_is_said(password: str, missing: list[str]) -> None:
    with pytest.raises(WeakPasswordError) as caught:
        check_policy(password, field="new_password")
    assert caught.value.extra["missing"] == missing
    assert [e["kind"] for e in caught.value.extra["errors"]] == missing
    assert all(e["loc"] == ["body", "new_password"] for e in caught.value.extra["errors"])


async def test_the_same_keys_on_another_system_are_the_same_password() -> None:
    passwords = Passwords(hasher=CountingHasher())
    stored = await passwords.hash("Cafe\u0301-12345")
    assert (await passwords.verify("Caf\u00e9-12345", stored)).right
    assert not (await passwords.verify("Cafe-12345", stored)).right
    passwords.close()


async def test_half_a_character_is_a_wrong_password_and_no_error() -> None:
    passwords = Passwords(hasher=CountingHasher())
    stored = await passwords.hash("Correct-horse-1?")
    assert not (await passwords.verify("Correct-horse-1\ud800", stored)).right
    passwords.close()


@pytest.mark.real_passwords
async def test_our_parameters_are_owasps() -> None:
    passwords = Passwords()
    stored = await passwords.hash("Correct-horse-1")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    verdict = await passwords.verify("Correct-horse-1", stored)
    assert verdict.right
    assert verdict.rehashed is None
    passwords.close()


@pytest.mark.real_passwords
async def test_an_unknown_account_costs_one_verification_at_the_same_price_and_is_never_right() -> None:
    hasher = CountingHasher()
    passwords = Passwords(hasher=hasher)
    stored = Passwords()._decoy  # as a real one: the parameters count
    assert not (await passwords.verify("x", None)).right
    assert not (await passwords.verify("x", stored)).right
    assert len(hasher.verified) == 2
    parameters = [hashed.split("$")[1:4] for hashed in hasher.verified]
    assert parameters[0] == parameters[1] == ["argon2id", "v=19", "m=19456,t=2,p=1"]
    assert [len(part) for part in hasher.verified[0].split("$")] == [
        len(part) for part in hasher.verified[1].split("$")
    ]
    passwords.close()


async def test_a_hash_of_older_parameters_is_made_anew() -> None:
    old = await Passwords(hasher=CountingHasher(time_cost=1)).hash("Correct-horse-1")
    passwords = Passwords(hasher=CountingHasher(time_cost=2))
    verdict = await passwords.verify("Correct-horse-1", old)
    assert verdict.right
    assert verdict.rehashed is not None
    assert ",t=2," in verdict.rehashed
    assert (await passwords.verify("wrong", old)).rehashed is None
    passwords.close()


async def test_hashing_leaves_the_event_loop_alone() -> None:
    hasher = CountingHasher()
    passwords = Passwords(hasher=hasher)
    await passwords.verify("x", None)
    assert hasher.threads[0].startswith("argon2")
    passwords.close()


async def test_too_many_at_once_are_turned_away_and_later_ones_are_served() -> None:
    gate = threading.Event()

    class SlowHasher(CountingHasher):
        def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - pwdlib's name
            gate.wait(10)
            return super().verify(password, hash)

    passwords = Passwords(workers=1, max_waiting=2, hasher=SlowHasher())
    waiting = [asyncio.create_task(passwords.verify("x", None)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError) as refused:
        await passwords.verify("x", None)
    assert refused.value.headers["Retry-After"] == "2"
    gate.set()
    assert [verdict.right for verdict in await asyncio.gather(*waiting)] == [False] * 3
    assert not (await passwords.verify("x", None)).right
    passwords.close()
