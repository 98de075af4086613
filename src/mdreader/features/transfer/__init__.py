"""Import and export of whole folders."""
