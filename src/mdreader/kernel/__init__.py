"""What every layer may use: errors, ids, clock, events."""
