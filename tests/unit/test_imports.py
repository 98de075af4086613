"""What a start loads, and what it must not."""

import json
import subprocess
import sys
from collections import Counter

# Stands for the default install, which has no extras: what asks for one is told that it is not there, and noted.
PROGRAM = """
import json, sys
asked = set()
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {vendors}:
            asked.add(name.partition(".")[0])
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import mdreader.cli
mdreader.cli.import_structlog()
import mdreader.cli.serve
print(json.dumps(sorted({*sys.modules, *asked})))
"""

# Of the cloud: extras that the default install does not have, so nothing may ask for them.
VENDORS = {"anthropic", "asyncpg", "boto3", "botocore", "google", "openai", "psycopg", "redis"}
# Heavy, and not needed to answer the first request.
LATER = {
    "aiosmtplib",
    "alembic",
    "authlib",
    "cryptography",
    "fido2",
    "hatchling",
    "httpx",
    "joserfc",
    "jwt",
    "numpy",
    "pygments",
    "pyotp",
    "rich",
    "setuptools",
    "websockets",
}

# What a start loads. One more may be right: then it is added here, by somebody who has looked at what it costs.
START = {
    "aiofastnet",
    "annotated_doc",
    "annotated_types",
    "anyio",
    "argon2",
    "click",
    "cython_runtime",
    "diff_match_patch",
    "dotenv",
    "fast_diff_match_patch",
    "fastapi",
    "greenlet",
    "httptools",
    "mdreader",
    "multidict",
    "opentelemetry",
    "picows",
    "prometheus_client",
    "pwdlib",
    "pycrdt",
    "pydantic",
    "pydantic_core",
    "pydantic_settings",
    "python_socks",
    "shellingham",
    "sqlalchemy",
    "starlette",
    "structlog",
    "typer",
    "typing_extensions",
    "typing_inspection",
    "uvicorn",
}
MOST_MODULES = 970  # of these packages; measured: 881

DEFAULT = PROGRAM.replace("{vendors}", repr(VENDORS))


def loaded(program: str) -> set[str]:
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout))


def test_the_default_install_loads_no_vendor_and_nothing_heavy() -> None:
    names = loaded(DEFAULT)
    top = {name.partition(".")[0] for name in names}
    assert "mdreader" in top
    assert top & VENDORS == set()
    assert "opentelemetry.sdk" not in names  # its bare interface comes with FastAPI
    assert top & LATER == set()


def test_help_does_not_load_the_server() -> None:
    program = "import json, sys, mdreader.cli; print(json.dumps(sorted(sys.modules)))"
    assert {"fastapi", "sqlalchemy", "pycrdt"} & loaded(program) == set()


def test_a_start_loads_no_package_that_it_did_not_load_before() -> None:
    # Each costs everybody's start: how long that takes is what tests/campaigns/start.py prints.
    names = loaded(DEFAULT)
    # A distribution's own word for all its Pythons, where it has one.
    standard = sys.stdlib_module_names | set(sys.builtin_module_names) | {"sitecustomize", "usercustomize"}
    of_packages = [name for name in names if name.partition(".")[0] not in standard]
    top = {name.partition(".")[0] for name in of_packages}
    assert {name for name in top if not name.startswith("_")} - START == set()
    counts = Counter(name.partition(".")[0] for name in of_packages)
    assert len(of_packages) < MOST_MODULES, counts.most_common(20)
