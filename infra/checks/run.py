"""Checks infra/, the Dockerfile and the workflows without an account.

    python infra/checks/run.py              everything
    python infra/checks/run.py team box     only these environments, with all else

Prints a line for each gate; below them what was found. Exits with 1 if anything was.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from gates import bill, cfn_lint, checkov, linters, policies, terraform, tree
from gates.programs import MissingError
from gates.programs import terraform as find_terraform
from gates.results import Result


def check(only: set[str] | None = None) -> list[Result]:
    """Every gate, in the order of a reader."""
    files = tree.copy("tree")
    first = [terraform.formatting(files), *(lint(files) for lint in linters.ALL)]
    tested = terraform.environments(files, only)
    with ThreadPoolExecutor(2) as pool:
        last = [pool.submit(checkov.check, files, tested.plans), pool.submit(cfn_lint.check, files, tested.plans)]
        rules = policies.check(tested.plans)
        return [*first, *tested.results, rules, bill.check(tested.plans), *(one.result() for one in last)]


def report(results: list[Result], seconds: float) -> int:
    """Say it, and give the exit code."""
    for result in results:
        print(f"{'ok  ' if result.passed else 'FAIL'} {result.seconds:6.1f} s  {result.gate:<17} {result.looked_at}")
    failed = [result for result in results if not result.passed]
    for result in failed:
        print(f"\n{result.gate}:")
        for finding in result.findings:
            print("  " + finding.replace("\n", "\n  "))
    print(f"\ninfra: {len(results) - len(failed)} gates passed, {len(failed)} failed, {seconds:.0f} s")
    return 1 if failed else 0


def main() -> int:
    """The command."""
    begun = time.monotonic()
    try:
        find_terraform()
    except MissingError as error:
        print(f"infra: {error}", file=sys.stderr)
        return 1
    return report(check(set(sys.argv[1:]) or None), time.monotonic() - begun)


if __name__ == "__main__":
    sys.exit(main())
