"""A ZIP archive that is sent while it is made: nothing of it is kept but the names for the directory at its end. Pure."""

import zipfile
from datetime import UTC, datetime
from typing import Final

_FILE_MODE: Final = 0o100644
_UNIX: Final = 3


class _Sink:
    """Where zipfile writes to. It has no `seek`, so that sizes go behind each file instead of in front of it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Whoever made this takes the rest."""

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class ZipStream:
    """Files go in, the archive's bytes come out."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)

    def add(self, path: str, data: bytes, at: int) -> bytes:
        """Put a file in, changed `at` (Unix milliseconds; the archive says it in UTC); the bytes to send next."""
        changed = datetime.fromtimestamp(at / 1000, UTC)
        entry = zipfile.ZipInfo(path, changed.timetuple()[:6])
        entry.create_system = _UNIX
        entry.external_attr = _FILE_MODE << 16
        self._zip.writestr(entry, data, zipfile.ZIP_DEFLATED)
        return self._sink.take()

    def finish(self) -> bytes:
        """The directory, with which the archive ends. One without it was cut off, and every unpacker says so."""
        self._zip.close()
        return self._sink.take()
