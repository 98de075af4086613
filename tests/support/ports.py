"""TCP ports for servers that must be told theirs beforehand."""

import platform
import socket


def free_port() -> int:
    """A port of the loopback that nobody listens on, and that nobody else is given while this process lives.

    On Linux a bound socket keeps it: nobody can connect to it, whoever asks the kernel for any port gets another, and a server that sets
    SO_REUSEADDR, as all do, takes it over, again and again. Without that, a connection of another test may have it by then.
    """
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    port = int(keeper.getsockname()[1])
    if platform.system() == "Linux":
        keeper.detach()  # stays open to the end of the process
    else:
        keeper.close()
    return port
