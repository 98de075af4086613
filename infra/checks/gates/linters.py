"""The Dockerfile, the workflows and the shell scripts, each by the linter of its kind, and static keys in any of them."""

import re

from gates import programs
from gates.policies.secrets import LOOKS_SECRET
from gates.results import Result, timed
from gates.tree import Tree

# A workflow takes a role by OIDC: a key that lies in a secret is one that can be stolen.
STATIC_KEY = re.compile(r"AKIA[0-9A-Z]{16}|aws[-_]access[-_]key[-_]id|aws[-_]secret[-_]access[-_]key", re.IGNORECASE)
# A base that is not a stage of the same file: FROM [--platform=...] NAME [AS STAGE]
FROM = re.compile(r"^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE | re.MULTILINE)
USER = re.compile(r"^USER\s+(\S+)", re.MULTILINE)


def hadolint(tree: Tree) -> Result:
    """What hadolint finds in Dockerfiles."""

    def check() -> tuple[str, list[str]]:
        names = [tree.name(file) for file in tree.dockerfiles]
        if not names:
            return "nothing", ["there is no Dockerfile"]
        output = programs.run(
            programs.tool("hadolint"), "--no-color", "--failure-threshold", "info", *names, cwd=tree.root
        )
        return f"{len(names)} files", output.both.splitlines() if output.code else []

    return timed("hadolint", check)


def image(tree: Tree) -> Result:
    """What hadolint does not ask: a user with a number, a base with a version, a question about its health."""

    def check() -> tuple[str, list[str]]:
        findings = []
        for file in tree.dockerfiles:
            name, text = tree.name(file), file.read_text()
            stages = {stage for _, stage in FROM.findall(text) if stage}
            findings += [
                f"{name}: {base} has no version"
                for base, _ in FROM.findall(text)
                if base not in stages and not re.search(r":[^:]*\d|@sha256:", base)
            ]
            final = text[[match.start() for match in FROM.finditer(text)][-1] :]
            users = USER.findall(final)
            if not users or not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", users[-1]):
                findings.append(f"{name}: the last stage does not run as a user with a number other than 0")
            if "HEALTHCHECK" not in final:
                findings.append(f"{name}: the last stage has no HEALTHCHECK")
        return f"{len(tree.dockerfiles)} files", findings

    return timed("image", check)


def actionlint(tree: Tree) -> Result:
    """What actionlint finds in workflows, their shell included."""

    def check() -> tuple[str, list[str]]:
        names = [tree.name(file) for file in tree.workflows]
        if not names:
            return "nothing", ["there is no workflow"]
        shell = programs.tool("shellcheck")
        output = programs.run(
            programs.tool("actionlint"),
            "-no-color",
            "-oneline",
            "-shellcheck",
            shell,
            "-pyflakes",
            "",
            *names,
            cwd=tree.root,
        )
        return f"{len(names)} workflows", output.both.splitlines() if output.code else []

    return timed("actionlint", check)


def zizmor(tree: Tree) -> Result:
    """What zizmor finds in workflows, without asking the network."""

    def check() -> tuple[str, list[str]]:
        if not tree.workflows:
            return "nothing", ["there is no workflow"]
        output = programs.run(
            programs.tool("zizmor"),
            "--offline",
            "--no-progress",
            "--quiet",
            "--persona",
            "regular",
            ".github",
            cwd=tree.root,
        )
        return f"{len(tree.workflows)} workflows", [output.both] if output.code else []

    return timed("zizmor", check)


def static_keys(tree: Tree) -> Result:
    """No workflow or script has or asks for a key of AWS that does not expire."""

    def check() -> tuple[str, list[str]]:
        files = [*tree.workflows, *tree.scripts, *tree.dockerfiles]
        findings = [
            f"{tree.name(file)}:{number}: a static key: take a role by OIDC instead"
            for file in files
            for number, line in enumerate(file.read_text().splitlines(), 1)
            if STATIC_KEY.search(line) and not line.lstrip().startswith("#")
        ]
        # Terraform hashes user data before it plans: what is in it can be seen only where it is written.
        templates = [file for file in files if tree.name(file).startswith("infra/modules/")]
        findings += [
            f"{tree.name(file)}:{number}: looks like a secret, and everybody who may look at a machine can read its user data"
            for file in templates
            for number, line in enumerate(file.read_text().splitlines(), 1)
            if LOOKS_SECRET.search(line)
        ]
        return f"{len(files)} files", findings

    return timed("static keys", check)


def shellcheck(tree: Tree) -> Result:
    """What shellcheck finds in scripts."""

    def check() -> tuple[str, list[str]]:
        names = [tree.name(file) for file in tree.scripts]
        if not names:
            return "nothing", ["there is no script"]
        output = programs.run(
            programs.tool("shellcheck"), "--color=never", "--format=gcc", "--severity=info", *names, cwd=tree.root
        )
        return f"{len(names)} scripts", output.both.splitlines() if output.code else []

    return timed("shellcheck", check)


ALL = (hadolint, image, actionlint, zizmor, static_keys, shellcheck)
