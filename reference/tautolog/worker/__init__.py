"""What application developers import: a worker that keeps the guarantee it names."""
