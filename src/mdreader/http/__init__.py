"""What all routes share: errors, middleware, dependencies."""
