"""Links and codes that are mailed: signing in without a password, choosing a new one, confirming an address."""
