"""Jobs as people see them: how far they are, and a way to cancel them."""
