"""What `make infra-mutations` breaks, and how it sees that a gate noticed."""
