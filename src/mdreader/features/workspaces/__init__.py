"""Workspaces, members, roles and the one permission gate."""
