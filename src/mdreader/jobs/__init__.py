"""Work that outlives a request: a queue in the database with leases, a registry of handlers, a runner, schedules."""
