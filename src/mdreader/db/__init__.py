"""The database engine, its transactions and the shared metadata."""
