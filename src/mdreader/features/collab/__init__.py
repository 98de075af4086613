"""Live editing."""
