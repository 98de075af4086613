"""What a start loads, and what it must not."""

import json
import resource
import subprocess
import sys

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
    "pyotp",
    "setuptools",
    "websockets",
}

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


def test_a_start_loads_its_code_in_reasonable_time() -> None:
    loaded(DEFAULT)  # compiles what is not compiled yet
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    loaded(DEFAULT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"imports of a start: {seconds:.2f} s of CPU")
    assert seconds < 3  # the whole start has 5 seconds; measured: 0.9
