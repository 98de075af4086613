"""What the operator sees of mail. It stands here because mail itself knows nobody."""
