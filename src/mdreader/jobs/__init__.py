"""Work that is done later: in the server, or by a worker of its own."""
