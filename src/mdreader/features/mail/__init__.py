"""Mails: their texts, the queue they leave by, and addresses that want none."""
