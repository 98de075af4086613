"""moto's server with a shim for what it lacks, for infra/checks/cycle.py: `python emulator.py PORT_FILE`."""

import logging
import sys
from pathlib import Path

from moto.server import DomainDispatcherApplication, create_backend_app  # type: ignore[attr-defined]
from shim import Shim
from werkzeug.serving import make_server


def main() -> None:
    """Serve until killed."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, Shim(DomainDispatcherApplication(create_backend_app)), threaded=True)
    Path(sys.argv[1]).write_text(str(server.server_port))
    server.serve_forever()


if __name__ == "__main__":
    main()
