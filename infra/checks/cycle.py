"""Applies, plans and destroys the team size against moto's server: `python infra/checks/cycle.py`. Minutes.

What a plan cannot show: that the order of making and taking away holds, that nothing asks for what is not there yet, and that a
second plan finds nothing to do.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gates import programs, terraform, tree
from gates.programs import Output
from gates.tree import Tree

REGION = "eu-central-1"
DOMAIN = "docs.example.org"
STARTS_WITHIN_SECONDS = 60
PROVIDER = """
provider "aws" {
  %s
  max_retries             = 1
  s3_use_path_style       = true
  skip_metadata_api_check = true
}
"""


@contextmanager
def emulator(folder: Path) -> Iterator[dict[str, str]]:
    """What the environment of a client of a fresh emulator is."""
    port = folder / "port"
    port.unlink(missing_ok=True)
    with (folder / "emulator.log").open("w") as log:
        program = [sys.executable, str(Path(__file__).with_name("emulator.py")), str(port)]
        process = subprocess.Popen(program, env={**os.environ, "MOTO_ACM_VALIDATION_WAIT": "1"}, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + STARTS_WITHIN_SECONDS
            while not (port.exists() and port.read_text()):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the emulator did not start: see {folder / 'emulator.log'}")
                time.sleep(0.1)
            keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port.read_text()}",
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                **keys,
            }
        finally:
            process.terminate()
            process.wait(10)


def settings(root: Path, account: dict[str, str]) -> None:
    """Point the environment at the emulator, and answer its variables."""
    session = boto3.Session(account["AWS_ACCESS_KEY_ID"], account["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    client = session.client("route53", endpoint_url=account["AWS_ENDPOINT_URL"])
    zone = client.create_hosted_zone(Name=DOMAIN, CallerReference="cycle")["HostedZone"]["Id"].rsplit("/", 1)[-1]
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    (root / "cycle_override.tf").write_text(PROVIDER % "" + PROVIDER % 'alias = "us_east_1"')
    answers = {
        "domain": DOMAIN,
        "zone_id": zone,
        "mail_from": f"mdreader <mdreader@{DOMAIN}>",
        "alarm_emails": ["ops@example.org"],
        "github_repository": "example/mdreader",
        "files_public_key": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "deletion_protection": False,
    }
    (root / "terraform.tfvars.json").write_text(json.dumps(answers))


def drifts(show: str) -> dict[str, set[str]]:
    """The addresses that a second plan would change, and which of their attributes."""
    found = {}
    for change in json.loads(show).get("resource_changes", []):
        inner = change["change"]
        if change["mode"] == "managed" and inner["actions"] != ["no-op"]:
            before, after, unknown = (inner.get(key) or {} for key in ("before", "after", "after_unknown"))
            changed = {key for key in {*before, *after} if (before.get(key) or None) != (after.get(key) or None)}
            # What is known only after an apply follows from the rest, unless it is what makes Terraform replace the whole.
            causes = {str(path[0]) for path in inner.get("replace_paths", [])}
            found[change["address"]] = causes | {key for key in changed if unknown.get(key) is not True}
    return found


def step(name: str, output: Output, begun: float) -> None:
    """Say how long it took, or stop with what went wrong."""
    if output.code:
        print(output.both[-6000:])
        raise SystemExit(f"infra-cycle: {name} failed after {time.monotonic() - begun:.0f} s")
    print(f"ok   {time.monotonic() - begun:6.1f} s  {name}")


def cycle(files: Tree, root: Path, account: dict[str, str]) -> int:
    """Apply, plan, destroy."""

    def run(name: str, *arguments: str) -> Output:
        begun = time.monotonic()
        try:
            output = terraform.command(files, root, *arguments, env=account)
        except subprocess.TimeoutExpired as error:
            raise SystemExit(f"infra-cycle: {name} waits for something: see {files.data / 'emulator.log'}") from error
        step(name, output, begun)
        return output

    begun = time.monotonic()
    ready = terraform.initialize(files, root)
    step("init", Output(len(ready.findings), "\n".join(ready.findings), ""), begun)
    run("apply", "apply", "-auto-approve", "-input=false", "-parallelism=20")
    made = len(run("state", "state", "list").text.split())
    run("plan", "plan", "-input=false", "-out=second.tfplan")
    found = drifts(run("show", "show", "-json", "second.tfplan").text)
    run("destroy", "destroy", "-auto-approve", "-input=false", "-parallelism=20")
    left = run("state", "state", "list").text.split()
    for address, attributes in sorted(found.items()):
        print(f"drift: {address}: {', '.join(sorted(attributes)) or 'the whole'}")
    for address in left:
        print(f"left behind: {address}")
    print(f"infra-cycle: {made} resources made, {len(found)} drifts, {len(left)} left behind")
    return 1 if found or left or not made else 0


def main() -> int:
    """The command."""
    files = tree.copy("cycle")
    root = files.root / "infra" / "environments" / "team"
    files.data.mkdir(parents=True, exist_ok=True)
    try:
        programs.terraform()
    except programs.MissingError as error:
        print(f"infra-cycle: {error}", file=sys.stderr)
        return 1
    with emulator(files.data) as account:
        settings(root, account)
        return cycle(files, root, account)


if __name__ == "__main__":
    sys.exit(main())
