"""What `make infra` checks, a module each: see run.py."""
