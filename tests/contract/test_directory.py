"""A user pool behind `ports.directory`: on cognito-local, which checks codes, and on moto, which knows the calls that one lacks."""

from collections.abc import Callable
from typing import Any

import pyotp
import pytest

from mdreader.adapters.aws import Aws
from mdreader.adapters.cognito_pool import CognitoPool
from mdreader.adapters.cognito_tokens import CognitoTokens, PublishedKeys
from mdreader.kernel.clock import SystemClock
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.directory import CodeNeeded, DirectoryRefusedError, Reason, SignedIn, Standing
from support.aws import REGION
from support.cognito import PASSWORD, UserPool, local_pool, new_pool

EMAIL = "ada@example.org"


def directory(pool: UserPool, *, issuer: str | None = None, client_secret: str | None = None) -> CognitoPool:
    tokens = CognitoTokens(
        issuer=issuer or pool.issuer,
        client_id=pool.client_id,
        keys=PublishedKeys(f"{pool.endpoint}/{pool.pool_id}/.well-known/jwks.json"),
    )
    return CognitoPool(
        Aws(REGION, pool.endpoint).client("cognito-idp"),
        pool_id=pool.pool_id,
        client_id=pool.client_id,
        client_secret=lambda: client_secret,
        tokens=tokens,
        clock=SystemClock(),
    )


@pytest.fixture
def local(cognito: str, aws_credentials: None) -> UserPool:
    return local_pool(cognito)


@pytest.fixture
def people(local: UserPool) -> CognitoPool:
    return directory(local)


@pytest.fixture
def moto_pool(aws_endpoint: str) -> UserPool:
    return new_pool(aws_endpoint)


@pytest.fixture
def moto_people(moto_pool: UserPool) -> CognitoPool:
    return directory(moto_pool, issuer=f"https://cognito-idp.{REGION}.amazonaws.com/{moto_pool.pool_id}")


class Refused:
    """The block is refused for `reason`."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> bool:
        assert isinstance(error, DirectoryRefusedError), error
        assert error.reason == self.reason
        return True


async def signed_in(people: CognitoPool, password: str = PASSWORD) -> SignedIn:
    outcome = await people.log_in(EMAIL, password)
    assert isinstance(outcome, SignedIn)
    return outcome


async def test_from_sign_up_to_log_in(people: CognitoPool, local: UserPool) -> None:
    subject = await people.sign_up(EMAIL, PASSWORD, "Ada Lovelace")
    with Refused("unconfirmed"):
        await people.log_in(EMAIL, PASSWORD)
    code = local.code_for(EMAIL)
    with Refused("code"):
        await people.confirm(subject, str((int(code) + 1) % 1_000_000).zfill(6))
    await people.confirm(subject, code)
    with Refused("code_expired"):  # it was used
        await people.confirm(subject, code)
    person = await signed_in(people)
    assert person.profile.subject == subject
    assert (person.profile.email, person.profile.email_verified) == (EMAIL, True)
    assert (await people.profile(person.access_token)).name == "Ada Lovelace"


async def test_an_address_signs_up_once(people: CognitoPool, local: UserPool) -> None:
    local.add(EMAIL)
    with Refused("taken"):
        await people.sign_up(EMAIL, PASSWORD, "Another")


async def test_nobody_learns_who_has_an_account(people: CognitoPool, local: UserPool) -> None:
    local.add(EMAIL)
    with Refused("credentials"):
        await people.log_in(EMAIL, "Wrong-horse-1")
    with Refused("credentials"):
        await people.log_in("nobody@example.org", PASSWORD)
    await people.forgot("nobody@example.org")
    with Refused("code"):
        await people.confirm("nobody", "123456")
    with Refused("code"):
        await people.reset("nobody@example.org", "123456", "Another-horse-2")


async def test_a_forgotten_password(people: CognitoPool, local: UserPool) -> None:
    local.add(EMAIL)
    await people.forgot(EMAIL)
    code = local.code_for(EMAIL)
    with Refused("code"):
        await people.reset(EMAIL, "000000" if code != "000000" else "000001", "Another-horse-2")
    assert await people.reset(EMAIL, code, "Another-horse-2") == local.subject_of(EMAIL)
    with Refused("credentials"):
        await people.log_in(EMAIL, PASSWORD)
    await signed_in(people, "Another-horse-2")


async def test_a_changed_password(moto_people: CognitoPool, moto_pool: UserPool) -> None:
    moto_pool.add(EMAIL)
    person = await signed_in(moto_people)
    with Refused("credentials"):
        await moto_people.change(person.access_token, "Wrong-horse-1", "Another-horse-2")
    await moto_people.change(person.access_token, PASSWORD, "Another-horse-2")
    await signed_in(moto_people, "Another-horse-2")


async def test_codes_of_an_app(people: CognitoPool, local: UserPool) -> None:
    local.add(EMAIL)
    person = await signed_in(people)
    app = pyotp.TOTP(await people.begin(person.access_token))
    with Refused("code"):
        await people.enable(person.access_token, "12345x")
    assert isinstance(await people.log_in(EMAIL, PASSWORD), SignedIn)  # begun is not enabled
    await people.enable(person.access_token, app.now())
    step = await people.log_in(EMAIL, PASSWORD)
    assert isinstance(step, CodeNeeded)
    with Refused("code"):
        await people.answer(step.state, str((int(app.now()) + 1) % 1_000_000).zfill(6))
    shown = await people.answer(step.state, app.now())
    assert shown.profile.email == EMAIL
    await people.disable(shown.access_token)
    assert isinstance(await people.log_in(EMAIL, PASSWORD), SignedIn)


async def test_refresh_tokens(people: CognitoPool, local: UserPool) -> None:
    local.add(EMAIL)
    local.add("bob@example.org")
    person = await signed_in(people)
    assert person.refresh_token is not None
    again = await people.refresh(person.refresh_token, person.profile.subject)
    assert again.profile.subject == person.profile.subject
    assert again.refresh_token is None  # the one from before goes on
    with Refused("session"):
        await people.refresh(person.refresh_token, "somebody else")
    with Refused("session"):
        await people.refresh("made up", person.profile.subject)
    await people.end(person.refresh_token)
    with Refused("session"):
        await people.refresh(person.refresh_token, person.profile.subject)


async def test_a_second_code(people: CognitoPool, local: UserPool) -> None:
    subject = await people.sign_up(EMAIL, PASSWORD, "Ada")
    first = local.code_for(EMAIL)
    await people.resend(subject)
    second = local.code_for(EMAIL)
    if first != second:
        with Refused("code"):
            await people.confirm(subject, first)
    await people.confirm(subject, second)
    with Refused("credentials"):  # there is nothing to confirm any more
        await people.resend(subject)


async def test_taking_over_a_sign_up_that_waits(people: CognitoPool, local: UserPool) -> None:
    subject = await people.sign_up(EMAIL, PASSWORD, "Mallory")
    assert await people.standing(EMAIL) == Standing(enabled=True, totp=False, waits=True)
    await people.take_over(EMAIL, "Another-horse-2", "Ada")
    with Refused("credentials"):
        await people.log_in(EMAIL, PASSWORD)
    person = await signed_in(people, "Another-horse-2")
    assert (person.profile.subject, person.profile.email_verified) == (subject, True)
    assert (await people.profile(person.access_token)).name == "Ada"
    for email in (EMAIL, "nobody@example.org"):  # confirmed, and unknown
        with Refused("taken"):
            await people.take_over(email, "Third-horse-3", None)
    await signed_in(people, "Another-horse-2")


async def test_how_an_account_stands(moto_people: CognitoPool, moto_pool: UserPool) -> None:
    moto_pool.add(EMAIL)
    subject = (await signed_in(moto_people)).profile.subject
    for who in (subject, EMAIL):
        assert await moto_people.standing(who) == Standing(enabled=True, totp=False, email=EMAIL)
    moto_pool.client.admin_disable_user(UserPoolId=moto_pool.pool_id, Username=EMAIL)
    assert await moto_people.standing(subject) == Standing(enabled=False, totp=False, email=EMAIL)
    assert await moto_people.standing("nobody") == Standing(enabled=False, totp=False, known=False)


async def test_a_sign_out_everywhere_ends_refresh_tokens(people: CognitoPool, local: UserPool) -> None:
    local.add(EMAIL)
    person = await signed_in(people)
    app = pyotp.TOTP(await people.begin(person.access_token))
    await people.enable(person.access_token, app.now())
    step = await people.log_in(EMAIL, PASSWORD)
    assert isinstance(step, CodeNeeded)
    tokens = [person.refresh_token, (await people.answer(step.state, app.now())).refresh_token]
    for token in tokens:
        assert token is not None
        await people.refresh(token, person.profile.subject)
    await people.end_all(person.profile.subject)
    for token in tokens:
        assert token is not None
        with Refused("session"):
            await people.refresh(token, person.profile.subject)


@pytest.mark.parametrize(
    "ask",
    [
        lambda people: people.log_in(EMAIL, PASSWORD),
        lambda people: people.sign_up(EMAIL, PASSWORD, "Ada"),
        lambda people: people.forgot(EMAIL),
    ],
)
async def test_a_pool_that_does_not_answer_is_no_refusal(local: UserPool, ask: Callable[[CognitoPool], Any]) -> None:
    nowhere = UserPool("http://127.0.0.1:9", local.pool_id, local.client_id, local.client)
    with pytest.raises(UnavailableError):
        await ask(directory(nowhere))
