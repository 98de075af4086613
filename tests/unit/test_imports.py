"""What a start loads, and what it must not."""

import json
import subprocess
import sys
import time

PROGRAM = """
import json, sys
import mdreader.cli.serve
print(json.dumps(sorted(sys.modules)))
"""

# Of the cloud: extras that the default install does not have, so nothing may ask for them.
VENDORS = {"aioboto3", "anthropic", "asyncpg", "boto3", "botocore", "google", "openai", "psycopg", "redis"}
# Heavy, and not needed to answer the first request.
LATER = {"alembic", "hatchling", "httpx", "numpy", "setuptools", "websockets"}


def loaded(program: str) -> set[str]:
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout))


def test_the_default_install_loads_no_vendor_and_nothing_heavy() -> None:
    top = {name.partition(".")[0] for name in loaded(PROGRAM)}
    assert "mdreader" in top
    assert top & VENDORS == set()
    assert top & LATER == set()


def test_help_does_not_load_the_server() -> None:
    program = "import json, sys, mdreader.cli; print(json.dumps(sorted(sys.modules)))"
    assert {"fastapi", "sqlalchemy", "pycrdt"} & loaded(program) == set()


def test_a_start_loads_its_code_in_reasonable_time() -> None:
    loaded(PROGRAM)  # compiled files and the disk's cache
    started = time.perf_counter()
    loaded(PROGRAM)
    seconds = time.perf_counter() - started
    print(f"imports of a start: {seconds:.2f} s")
    assert seconds < 4  # the start has 5 seconds in all; on a quiet machine this is under one
