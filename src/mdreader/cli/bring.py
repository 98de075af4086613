"""`mdreader import`: what it does and says."""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from mdreader.cli.meter import Meter
from mdreader.cli.outcome import prepare_output, print_counts, print_names, stop
from mdreader.cli.reach import ReachError, Target, reach
from mdreader.features.transfer.folder.api import Api, ApiError
from mdreader.features.transfer.folder.importing import Import, ImportReport, import_files
from mdreader.features.transfer.folder.walk import NOT_MARKDOWN, printable, walk

INTERRUPTED: Final = 130
_AGAIN: Final = "What was brought in so far stays. Run the same command again for the rest: it doubles nothing."


def run(folder: Path, workspace: str, target: Target, *, overwrite: bool, hidden: bool, verbose: bool) -> int:
    """Import; the process's exit code."""
    prepare_output()
    report = ImportReport()
    try:
        asyncio.run(_import(folder, workspace, target, report, overwrite=overwrite, hidden=hidden))
    except KeyboardInterrupt:
        _print(report, verbose=verbose)
        print(f"\nStopped. {_AGAIN}", file=sys.stderr)
        return INTERRUPTED
    except (ReachError, OSError) as error:
        return stop(str(error))
    except ApiError as error:
        if not report.counts:
            return stop(str(error))
        _print(report, verbose=verbose)
        return stop(str(error), _AGAIN)
    _print(report, verbose=verbose)
    return 0 if report.complete else 1


async def _import(
    folder: Path, workspace: str, target: Target, report: ImportReport, *, overwrite: bool, hidden: bool
) -> None:
    async with reach(target, workspace, made_if_missing=True) as reached:
        with Meter("Importing") as meter:
            if reached.warning:
                meter.say(reached.warning)
            api = Api(reached.client, on_wait=meter.say)
            max_bytes = await api.max_document_bytes()
            found = walk(folder, max_bytes=max_bytes, hidden=hidden)
            report.passed += found.passed
            if not found.files:
                print(f"There is no Markdown to bring in from {folder}.")
                return
            there = await api.find_workspace(workspace)
            new = "" if there else ", a new workspace"
            there = there or await api.create_workspace(workspace)
            print(f"From {folder} to {printable(there.name)}{new} ({there.id}), {reached.where}", flush=True)
            meter.begin(len(found.files))
            how = Import(there.id, max_bytes, overwrite)
            await import_files(api, how, found.files, report, on_progress=meter.advance)


def _print(report: ImportReport, *, verbose: bool) -> None:
    counts = report.counts
    reasons = Counter(one.reason for one in report.passed)
    print_counts(
        [
            ("created", counts["created"], ""),
            ("updated", counts["updated"], ""),
            ("unchanged", counts["unchanged"], ""),
            ("kept", counts["kept"], "edited here since; --overwrite replaces them with the files"),
            ("refused", counts["refused"], ""),
            (
                "skipped",
                len(report.passed),
                ", ".join(f"{reason}: {count:,}" for reason, count in reasons.most_common()),
            ),
        ]
    )
    failed = [(one.path, _why(one.reason, one.detail)) for one in report.passed if one.failed]
    # What is not Markdown is seldom a surprise, and there may be thousands of it: the number above tells.
    others = [
        (one.path, _why(one.reason, one.detail))
        for one in report.passed
        if not one.failed and (verbose or one.reason != NOT_MARKDOWN)
    ]
    print_names("Kept as they are here:", report.kept, everything=verbose)
    print_names("Refused by the server:", report.refused, everything=verbose)
    print_names("Markdown that could not be brought in:", failed, everything=verbose)
    print_names("Skipped:", others, everything=verbose)


def _why(reason: str, detail: str) -> str:
    return f"{reason} ({detail})" if detail else reason
