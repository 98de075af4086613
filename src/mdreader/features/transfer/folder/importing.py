"""Bringing a folder in, call by call. It can be stopped at any moment and run again."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from mdreader.features.transfer.folder.api import Api, ApiError
from mdreader.features.transfer.folder.walk import Found, Passed, UnusableFileError, read_text
from mdreader.features.transfer.portions import portions

# What one call brings, the size in bytes of the files.
CALL_FILES: Final = 200
CALL_BYTES: Final = 4_000_000


@dataclass(slots=True)
class ImportReport:
    """What became of the files so far. `counts` by status; `kept` and `refused` as (path, why)."""

    counts: Counter[str] = field(default_factory=Counter)
    kept: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything that is Markdown went in."""
        return not self.kept and not self.refused and not any(one.failed for one in self.passed)


@dataclass(frozen=True, slots=True)
class Import:
    """Where files go, and how: texts of at most `max_bytes` each."""

    workspace_id: str
    max_bytes: int
    overwrite: bool


async def import_files(
    api: Api, how: Import, files: list[Found], report: ImportReport, *, on_progress: Callable[[int], None]
) -> None:
    """Send files, adding to `report`; `on_progress` is told how many more are done. Raises `ApiError`."""
    for call in calls(files):
        texts: list[tuple[str, str]] = []
        for file in call:
            try:
                texts.append((file.path, read_text(file.file, how.max_bytes)))
            except UnusableFileError as error:
                report.passed.append(Passed(file.path, error.reason, error.detail, failed=True))
        if texts:
            await _send(api, how, texts, report)
        on_progress(len(call))


async def _send(api: Api, how: Import, texts: list[tuple[str, str]], report: ImportReport) -> None:
    try:
        items = await api.import_files(how.workspace_id, texts, overwrite=how.overwrite)
    except ApiError as error:
        if error.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise
        # A proxy on the way may take less than the server does, and JSON makes some texts several times longer.
        if len(texts) == 1:
            _note(report, texts[0][0], "refused", str(error))
            return
        middle = len(texts) // 2
        await _send(api, how, texts[:middle], report)
        await _send(api, how, texts[middle:], report)
    else:
        for item in items:
            _note(report, item["path"], item["status"], item["detail"] or "")


def _note(report: ImportReport, path: str, status: str, detail: str) -> None:
    report.counts[status] += 1
    if status == "kept":
        report.kept.append((path, detail))
    elif status == "refused":
        report.refused.append((path, detail))


def calls(files: list[Found]) -> Iterator[list[Found]]:
    """Cut a list into what one call each brings; a file larger than a call goes alone."""
    return portions(files, count=CALL_FILES, size=CALL_BYTES)
