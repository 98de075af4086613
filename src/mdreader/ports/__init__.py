"""What the workspace needs from outside, as Protocols without vendor words."""
