"""Starts programs, finds the ones that the gates need, and says what to install when one is missing."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
TOOLS = CHECKOUT / ".venv-infra" / "bin"
# Terraform's data, copies of the tree and what gates write: git ignores this folder.
WORK = CHECKOUT / "build" / "infra"
MINUTES_AT_MOST = 10


class MissingError(Exception):
    """A program is missing; the message says what to install."""


@dataclass(frozen=True)
class Output:
    """What a program said."""

    code: int
    text: str
    errors: str

    @property
    def both(self) -> str:
        """Its output, then its errors."""
        return "\n".join(part.strip() for part in (self.text, self.errors) if part.strip())


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Output:
    """Run a program to its end."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment(env),
        capture_output=True,
        text=True,
        check=False,
        timeout=MINUTES_AT_MOST * 60,
    )
    return Output(done.returncode, done.stdout, done.stderr)


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """This process's environment without anybody's AWS account: no gate may reach one by accident."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "TF_VAR_", "GITHUB_", "GH_"))
    }
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "NO_COLOR": "1", **(more or {})}


def tool(name: str) -> Path:
    """A tool of requirements-infra.lock.

    Raises:
        MissingError: it was not installed.
    """
    path = TOOLS / name
    if not path.exists():
        raise MissingError(f"{name} is missing: `make infra` installs it from requirements-infra.lock")
    return path


def terraform() -> str:
    """Terraform's path.

    Raises:
        MissingError: it is not on PATH.
    """
    path = shutil.which("terraform", path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/local/bin")
    if path is None:
        raise MissingError(
            "terraform is missing: install Terraform 1.11 or later and have it on PATH, then run this again"
        )
    return path


def provider_folder() -> Path | None:
    """A mirror of providers on this machine that holds the AWS provider; without one, `terraform init` downloads it."""
    system = platform.system().lower()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    named = os.environ.get("TF_PLUGIN_DIR")
    usual = [
        Path.home() / ".terraform.d" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    ]
    nested = [
        folder
        for parent in (Path("/opt"), Path("/usr/local/share"))
        if parent.is_dir()
        for folder in sorted(parent.iterdir())
    ]
    for folder in [*([Path(named)] if named else []), *usual, *nested]:
        if list(folder.glob(f"registry.terraform.io/hashicorp/aws/5.*/{system}_{machine}/terraform-provider-aws*")):
            return folder
    return None
