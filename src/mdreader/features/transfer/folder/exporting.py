"""Writing a workspace into a folder, byte for byte. It can be stopped at any moment and run again."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from mdreader.features.transfer.folder.api import Api, ApiError
from mdreader.features.transfer.folder.place import InTheWayError, Place

# How many texts are asked for at once.
AT_ONCE: Final = 8


@dataclass(slots=True)
class ExportReport:
    """What became of the documents so far. `counts`: written, unchanged, differs, failed, gone."""

    counts: Counter[str] = field(default_factory=Counter)
    differs: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether the folder has every document as it is."""
        return not self.differs and not self.failed


async def export_documents(
    api: Api,
    documents: list[tuple[str, str]],
    place: Place,
    report: ExportReport,
    *,
    on_progress: Callable[[int], None],
) -> None:
    """Write `documents` (path, id) into `place`, adding to `report`. Raises `ApiError`, and `OSError` for the disk."""
    waiting = iter(documents)  # shared by the workers: each takes the next
    workers = [asyncio.create_task(_work(api, waiting, place, report, on_progress)) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _work(
    api: Api,
    waiting: Iterator[tuple[str, str]],
    place: Place,
    report: ExportReport,
    on_progress: Callable[[int], None],
) -> None:
    for path, document_id in waiting:
        try:
            data = await api.content(document_id)
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            report.counts["gone"] += 1
        else:
            _put(place, path, data, report)
        on_progress(1)


def _put(place: Place, path: str, data: bytes, report: ExportReport) -> None:
    try:
        status = place.put(path, data)
    except InTheWayError as error:
        report.counts["failed"] += 1
        report.failed.append((path, str(error)))
        return
    report.counts[status] += 1
    if status == "differs":
        report.differs.append(path)
