"""infra/scripts/secrets.sh with stand-ins for terraform and AWS's command line, which write down what they are told."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "infra" / "scripts" / "secrets.sh"
OUTPUTS = {
    "app_secret": "mdreader-team/app",
    "key_value_store_arn": "arn:store",
    "cluster": "mdreader-team",
    "user_pool_id": "pool",
}
TERRAFORM = "import json, sys; print(json.loads({outputs!r})[sys.argv[-1]], end='')"
# One secret, one store, two services; each call is a line of calls.jsonl: its arguments and what came in.
AWS = """
import json, sys
from pathlib import Path
home = Path({home!r})
arguments = sys.argv[1:]
given = json.load(sys.stdin) if "file:///dev/stdin" in arguments else None
with (home / "calls.jsonl").open("a") as file:
    print(json.dumps([arguments, given]), file=file)
kept = home / "secret.json"
match arguments[:2]:
    case ["secretsmanager", "get-secret-value"]:
        if not kept.exists():
            sys.exit("ResourceNotFoundException")
        print(kept.read_text())
    case ["secretsmanager", "put-secret-value"]:
        kept.write_text(given["SecretString"])
    case ["cloudfront-keyvaluestore", "describe-key-value-store"]:
        print("ETAG")
    case ["ecs", "describe-services"]:
        print("ACTIVE" if "web" in arguments else "None")
"""


class Account:
    """What the stand-ins know."""

    def __init__(self, home: Path) -> None:
        self.home = home
        programs = {
            "terraform": TERRAFORM.format(outputs=json.dumps(OUTPUTS)),
            "aws": AWS.format(home=str(home)),
            "sleep": "",
        }
        (home / "bin").mkdir()
        for name, text in programs.items():
            program = home / "bin" / name
            program.write_text(f"#!{sys.executable}\n{text}\n")
            program.chmod(0o755)

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run the script, with `given` on its standard input."""
        path = f"{self.home / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            [str(SCRIPT), *arguments],
            input=given,
            env=os.environ | {"PATH": path},
            text=True,
            capture_output=True,
            check=False,
        )

    @property
    def secret(self) -> dict[str, str]:
        """The app's secret."""
        found: dict[str, str] = json.loads((self.home / "secret.json").read_text())
        return found

    @property
    def calls(self) -> list[tuple[Sequence[str], Any]]:
        """What AWS was asked, in order."""
        return [tuple(json.loads(line)) for line in (self.home / "calls.jsonl").read_text().splitlines()]

    def told(self, operation: str) -> list[Any]:
        """What came in with each call of an operation."""
        return [given for arguments, given in self.calls if arguments[1] == operation]


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)


def test_a_new_environment_gets_its_secrets_and_nobody_else_sees_them(account: Account, tmp_path: Path) -> None:
    made = account.run("key", str(tmp_path / "keys"))
    assert re.match(
        r"files_public_key = <<-KEY\n-----BEGIN PUBLIC KEY-----\n[\s\S]*-----END PUBLIC KEY-----\nKEY\n$", made.stdout
    )
    private = tmp_path / "keys" / "private.pem"
    assert private.stat().st_mode & 0o077 == 0
    assert account.run("key", str(tmp_path / "keys")).returncode == 1  # never over a key that is in use

    assert account.run("set", "team", "github_client_secret", given="gh\n").returncode == 0
    assert account.run("put", "team", str(private)).returncode == 0
    proof = account.secret["origin_secret"]
    assert account.secret == {
        "github_client_secret": "gh",
        "cloudfront_private_key": private.read_text().strip(),
        "origin_secret": proof,
    }
    assert re.fullmatch("[0-9a-f]{64}", proof)
    assert account.told("put-key") == [{"KvsARN": "arn:store", "IfMatch": "ETAG", "Key": "origin", "Value": proof}]
    assert account.run("put", "team", str(private)).returncode == 0
    assert account.secret["origin_secret"] == proof  # the second time changes nothing
    words = " ".join(word for arguments, _ in account.calls for word in arguments)
    assert proof not in words
    assert "PRIVATE KEY" not in words


def test_a_new_proof_follows_the_old_one_without_a_gap(account: Account) -> None:
    old = "o" * 64
    (account.home / "secret.json").write_text(json.dumps({"origin_secret": old}))
    assert account.run("rotate", "team").returncode == 0
    new = account.secret["origin_secret"]
    assert new != old
    steps = [
        json.loads(given["SecretString"])["origin_secret"]
        if arguments[1] == "put-secret-value"
        else given and given["Value"]
        for arguments, given in account.calls
        if arguments[1] in {"put-secret-value", "put-key", "update-service"}
    ]
    # Servers take both, CloudFront brings the new one, servers take that alone; None is a restart of the servers.
    assert steps == [f"{new},{old}", None, new, new, None]


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("rotate", "team"), "", "run `secrets.sh put` first"),
        (("set", "team", "google_client_secret"), "", "standard input is empty"),
        (("put", "team", "/dev/null"), "", "no private RSA key"),
        ((), "", "secrets.sh key FOLDER"),
        (("remove", "team"), "", "secrets.sh key FOLDER"),
    ],
)
def test_what_cannot_be_done_is_said(account: Account, arguments: tuple[str, ...], given: str, said: str) -> None:
    ended = account.run(*arguments, given=given)
    assert ended.returncode != 0
    assert said in ended.stderr
    assert not (account.home / "secret.json").exists()


def test_google_goes_into_the_pool_and_into_nothing_else(account: Account) -> None:
    assert account.run("google", "team", "client", given="hush\n").returncode == 0
    (provider,) = account.told("create-identity-provider")
    assert provider["ProviderDetails"] == {
        "client_id": "client",
        "client_secret": "hush",
        "authorize_scopes": "openid email profile",
    }
    assert "hush" not in " ".join(word for arguments, _ in account.calls for word in arguments)
