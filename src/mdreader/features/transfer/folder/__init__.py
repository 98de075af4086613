"""Folders on this machine, brought in and written out over the HTTP API of whichever server."""
