"""User pools on this machine: cognito-local, which checks codes, and moto, which has the calls that the other lacks."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mdreader.adapters.aws import Aws
from support.aws import REGION
from support.javascript import node

_JS = Path(__file__).resolve().parents[1] / "js"
_PROGRAM = _JS / "cognito.mjs"
PASSWORD = "Correct-horse-1"


@cache
def cognito_key() -> RSAPrivateKey:
    """The private key that cognito-local signs with; reading it takes a tenth of a second."""
    document = (_JS / "node_modules" / "cognito-local" / "lib" / "keys" / "cognitoLocal.private.json").read_text()
    key = load_pem_private_key(json.loads(document)["pem"].encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


@contextmanager
def cognito_local(folder: Path) -> Iterator[str]:
    """The address of a fresh cognito-local that keeps its pools in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "NODE_NO_WARNINGS": "1", "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1"}
    process = subprocess.Popen([node(), str(_PROGRAM)], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        with process.stdout as stream:
            address = stream.readline().strip()
            assert address, "cognito-local did not start: make dev installs it"
            yield address
    finally:
        process.terminate()
        process.wait(60)


@dataclass(frozen=True, slots=True)
class UserPool:
    """One pool with one client. `client` is boto3's."""

    endpoint: str
    pool_id: str
    client_id: str
    client: Any

    @property
    def issuer(self) -> str:
        return f"{self.endpoint}/{self.pool_id}"

    def code_for(self, email: str) -> str:
        """The code that was mailed to an address last; each is read once. Of cognito-local alone."""
        code = self.newest_code(email)
        assert code is not None, f"no code was sent to {email}"
        return code

    def newest_code(self, email: str) -> str | None:
        """As `code_for`; None when nothing was mailed since."""
        status, answer = _ask(self.endpoint, "GET", f"/codes/{email}")
        return answer if status == 200 else None

    def subject_of(self, email: str) -> str:
        """How the pool calls whoever has an address."""
        answer = self.client.admin_get_user(UserPoolId=self.pool_id, Username=email)
        return next(str(item["Value"]) for item in answer["UserAttributes"] if item["Name"] == "sub")

    def move_address(self, email: str, to: str) -> None:
        """Whoever has `email` goes by another address, which the pool has confirmed."""
        attributes = [{"Name": "email", "Value": to}, {"Name": "email_verified", "Value": "true"}]
        self.client.admin_update_user_attributes(UserPoolId=self.pool_id, Username=email, UserAttributes=attributes)

    def add(self, email: str, *, password: str = PASSWORD, verified: bool = True, name: str = "Ada") -> None:
        """An account that is ready to be used."""
        # Not "false": to cognito-local any text is true.
        attributes = {"email": email, "name": name, **({"email_verified": "true"} if verified else {})}
        self.client.admin_create_user(
            UserPoolId=self.pool_id,
            Username=email,
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
            MessageAction="SUPPRESS",
        )
        self.client.admin_set_user_password(UserPoolId=self.pool_id, Username=email, Password=password, Permanent=True)

    def verify_address(self, email: str) -> None:
        """An administrator says that the address is theirs."""
        self.move_address(email, email)


def _ask(endpoint: str, method: str, path: str) -> tuple[int, str]:
    """Status and body of plain HTTP: a client that knows TLS reads all authorities first, which takes longer than any answer."""
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@cache
def _client(endpoint: str) -> Any:
    return Aws(REGION, endpoint).client("cognito-idp")


def local_pool(endpoint: str) -> UserPool:
    """As `new_pool`, of cognito-local alone, by one request."""
    status, answer = _ask(endpoint, "POST", f"/pools/people-{uuid.uuid4().hex[:8]}")
    assert status == 200, answer
    made = json.loads(answer)
    return UserPool(endpoint, made["pool"], made["client"], _client(endpoint))


def new_pool(endpoint: str) -> UserPool:
    """A pool whose people sign in by address, with codes of an app for those who want them."""
    client = Aws(REGION, endpoint).client("cognito-idp")
    pool_id = client.create_user_pool(
        PoolName=f"people-{uuid.uuid4().hex[:8]}",
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        MfaConfiguration="OPTIONAL",
    )["UserPool"]["Id"]
    client.set_user_pool_mfa_config(
        UserPoolId=pool_id, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="OPTIONAL"
    )
    client_id = client.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="mdreader",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    return UserPool(endpoint, pool_id, client_id, client)
