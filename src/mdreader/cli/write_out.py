"""`mdreader export`: what it does and says."""

import asyncio
import sys
from pathlib import Path

from mdreader.cli.bring import INTERRUPTED
from mdreader.cli.meter import Meter
from mdreader.cli.outcome import prepare_output, print_counts, print_names, stop
from mdreader.cli.reach import ReachError, Target, reach
from mdreader.features.transfer.folder.api import Api, ApiError
from mdreader.features.transfer.folder.exporting import ExportReport, export_documents
from mdreader.features.transfer.folder.place import Place
from mdreader.features.transfer.folder.walk import printable


def run(workspace: str, folder: Path, target: Target, *, force: bool, verbose: bool) -> int:
    """Export; the process's exit code."""
    prepare_output()
    report = ExportReport()
    try:
        asyncio.run(_export(workspace, folder, target, report, force=force))
    except KeyboardInterrupt:
        _print(report, verbose=verbose)
        print("\nStopped. Run the same command again for the rest.", file=sys.stderr)
        return INTERRUPTED
    except (ReachError, ApiError, OSError) as error:
        _print(report, verbose=verbose)
        return stop(str(error))
    _print(report, verbose=verbose)
    return 0 if report.complete else 1


async def _export(workspace: str, folder: Path, target: Target, report: ExportReport, *, force: bool) -> None:
    async with reach(target, workspace, made_if_missing=False) as reached:
        with Meter("Exporting") as meter:
            if reached.warning:
                meter.say(reached.warning)
            api = Api(reached.client, on_wait=meter.say)
            there = await api.find_workspace(workspace)
            if there is None:
                names = ", ".join(sorted({one.name for one in await api.workspaces()})) or "none"
                raise ReachError(f"There is no workspace {workspace}. Those there are: {names}.")
            documents = await api.documents(there.id)
            print(f"From {printable(there.name)} ({there.id}), {reached.where}, to {folder}", flush=True)
            with Place(folder, force=force) as place:
                meter.begin(len(documents))
                await export_documents(api, documents, place, report, on_progress=meter.advance)


def _print(report: ExportReport, *, verbose: bool) -> None:
    counts = report.counts
    print_counts(
        [
            ("written", counts["written"], ""),
            ("unchanged", counts["unchanged"], ""),
            ("differs", counts["differs"], "left as they are; --force replaces them"),
            ("failed", counts["failed"], ""),
            ("deleted", counts["gone"], "while the export ran"),
        ]
    )
    print_names(
        "Files with other content, left as they are:", [(path, "") for path in report.differs], everything=verbose
    )
    print_names("Could not be written:", report.failed, everything=verbose)
