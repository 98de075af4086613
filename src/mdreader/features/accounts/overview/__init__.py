"""What this server offers, and what an account has: what the page shows before and after signing in."""
