"""A WebSocket client that can do wrong: every byte is the caller's."""

import asyncio
import os
import socket
import struct
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
SECONDS = 60.0  # for a busy machine


def frame(
    payload: bytes, opcode: int = BINARY, *, fin: bool = True, masked: bool = True, length: int | None = None
) -> bytes:
    """One frame; `length` is what it says of its payload's length, if not the truth."""
    said = len(payload) if length is None else length
    head = bytes([opcode | (0x80 if fin else 0)])
    flag = 0x80 if masked else 0
    if said < 126:
        head += bytes([flag | said])
    elif said < 65536:
        head += bytes([flag | 126]) + struct.pack(">H", said)
    else:
        head += bytes([flag | 127]) + struct.pack(">Q", said)
    if not masked:
        return head + payload
    # A mask of zeroes is a mask, and leaves the payload as it is.
    return head + b"\0\0\0\0" + payload


def upgrade_request(document: str, token: str, *extra: str) -> bytes:
    """The request that opens a socket on `document`."""
    lines = [
        f"GET /api/collab/{document}?token={token} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *extra,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class RawSocket:
    """A TCP connection to the server. `messages` counts the frames that `next_frame` has read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, url: str, *, receive_buffer: int | None = None) -> Self:
        """Connect and say nothing; a `receive_buffer` in bytes makes a reader that the kernel soon stops helping."""
        parts = urlsplit(url)
        sock = socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (parts.hostname, parts.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader, writer = await asyncio.open_connection(sock=sock, limit=receive_buffer or 2**20)
        return cls(reader, writer)

    @classmethod
    async def open(cls, url: str, document: str, token: str, *, receive_buffer: int | None = None) -> Self:
        """Open a socket on `document`."""
        made = await cls.connect(url, receive_buffer=receive_buffer)
        await made.send(upgrade_request(document, token))
        answer = await made.head()
        assert answer.startswith(b"HTTP/1.1 101"), answer
        return made

    async def send(self, data: bytes) -> None:
        """Send bytes as they are; waits until the kernel has most of them."""
        self._writer.write(data)
        async with asyncio.timeout(SECONDS):
            await self._writer.drain()

    async def head(self) -> bytes:
        """The head of an HTTP answer; empty when the server closes instead."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            return error.partial

    async def next_frame(self, seconds: float = SECONDS) -> tuple[int, bytes] | None:
        """The next frame's opcode and payload; None at the end of the stream."""
        try:
            async with asyncio.timeout(seconds):
                first, second = await self._reader.readexactly(2)
                size = second & 127
                if size == 126:
                    (size,) = struct.unpack(">H", await self._reader.readexactly(2))
                elif size == 127:
                    (size,) = struct.unpack(">Q", await self._reader.readexactly(8))
                return first & 15, await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def close_code(self, seconds: float = SECONDS) -> int:
        """Read until the server ends it: the code of its close frame, 1006 if it sent none."""
        while (got := await self.next_frame(seconds)) is not None:
            if got[0] == CLOSE:
                return int.from_bytes(got[1][:2], "big")
        return 1006

    async def answers(self, marker: bytes, seconds: float = SECONDS) -> bool:
        """Send a saved marker and read until it comes back; False when the server ends the socket instead."""
        try:
            await self.send(frame(b"\x66" + marker))
        except ConnectionError:
            return False
        while (got := await self.next_frame(seconds)) is not None:
            if got == (BINARY, b"\x66" + marker):
                return True
            if got[0] == CLOSE:
                return False
        return False

    async def discard(self) -> None:
        """Read and forget until the stream ends."""
        while await self._reader.read(2**20):
            pass

    def abort(self) -> None:
        """Drop it without a word."""
        self._writer.transport.abort()


def resident_bytes(pid: int) -> int:
    """Memory that a process has in use."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def highest_resident_bytes(pid: int, *, forget: bool = False) -> int:
    """The most memory that a process has had in use; `forget` what was before now."""
    if forget:
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
