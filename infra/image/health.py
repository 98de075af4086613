"""Asks the server in this container whether it lives: exit code 0 when it does. Imports little, as it runs all day."""

import os
import socket
import sys

ASK = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def main() -> int:
    """0 when the server answers 200 within two seconds, else 1 and the reason."""
    try:
        with socket.create_connection(("127.0.0.1", int(os.environ.get("PORT", "8000"))), timeout=2) as connection:
            connection.sendall(ASK)
            with connection.makefile("rb") as answer:
                status = answer.readline(200)
    except OSError as error:
        print(f"No answer: {error}")
        return 1
    print(status.decode("latin-1").strip())
    return 0 if status.split()[1:2] == [b"200"] else 1


if __name__ == "__main__":
    sys.exit(main())
