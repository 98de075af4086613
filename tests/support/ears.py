"""What lies in a socket that nobody reads."""

import array
import fcntl
import termios

from picows import WSTransport


def descriptor_of(transport: WSTransport) -> int:
    """The file descriptor of the server's end."""
    found: int = transport.underlying_transport.get_extra_info("socket").fileno()
    return found


def bytes_in(descriptor: int) -> int:
    """How many bytes have come and were not read."""
    size = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, size)
    return size[0]
