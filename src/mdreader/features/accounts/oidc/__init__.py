"""Signing in with an account elsewhere: OpenID Connect, and GitHub's OAuth 2."""
