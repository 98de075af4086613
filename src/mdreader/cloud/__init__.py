"""What running mdreader on AWS takes and costs: arithmetic on measured figures and published prices. No I/O but reading its own tables."""
