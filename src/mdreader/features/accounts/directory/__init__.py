"""Accounts whose passwords a directory keeps (`ports.directory`): it says who somebody is, sessions and rights stay ours."""
