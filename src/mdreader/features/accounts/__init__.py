"""Users, sessions, tokens and API keys."""
