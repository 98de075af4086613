"""The files that are checked: a copy of those of a checkout, so that nothing is written beside them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from gates.programs import CHECKOUT, WORK

SINGLE_FILES = ("Dockerfile", ".dockerignore", "compose.yaml", "scripts/make_venv.sh", ".ci/run")
FOLDERS = ("infra", ".github")
LEFT_OUT = shutil.ignore_patterns(
    ".terraform", ".terraform.lock.hcl", "*.tfstate*", "*.tfvars", "__pycache__", "checks"
)


@dataclass(frozen=True)
class Tree:
    """A copied tree. `name` keeps Terraform's data of one copy apart from another's."""

    root: Path

    @property
    def environments(self) -> list[Path]:
        """The folders that can be planned, by name."""
        return sorted(file.parent for file in self.root.glob("infra/environments/*/versions.tf"))

    @property
    def workflows(self) -> list[Path]:
        """The workflows of GitHub Actions."""
        return sorted((self.root / ".github" / "workflows").glob("*.y*ml"))

    @property
    def dockerfiles(self) -> list[Path]:
        """Every Dockerfile."""
        return sorted([*self.root.glob("Dockerfile"), *self.root.glob("infra/**/Dockerfile*")])

    @property
    def scripts(self) -> list[Path]:
        """Every shell script: by its name, or by its first line."""
        files = [
            file
            for folder in (*FOLDERS, "scripts", ".ci")
            for file in sorted(self.root.glob(f"{folder}/**/*"))
            if file.is_file()
        ]
        return [file for file in files if file.suffix == ".sh" or _is_shell(file)]

    @property
    def data(self) -> Path:
        """Where Terraform keeps its data for this tree."""
        return self.root.parent / f"{self.root.name}-data"

    def name(self, path: Path) -> str:
        """A path as people know it."""
        return str(path.relative_to(self.root))


def copy(name: str, source: Path = CHECKOUT) -> Tree:
    """A fresh copy of what is checked, as build/infra/`name`."""
    root = WORK / name
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for folder in FOLDERS:
        if (source / folder).is_dir():
            shutil.copytree(source / folder, root / folder, ignore=LEFT_OUT)
    for file in SINGLE_FILES:
        if (source / file).is_file():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / file, root / file)
    return Tree(root)


def _is_shell(file: Path) -> bool:
    if file.suffix:
        return False
    with file.open("rb") as stream:
        first = stream.readline(80)
    return first.startswith(b"#!") and first.rstrip().endswith((b"/sh", b"/bash", b" bash", b" sh"))
