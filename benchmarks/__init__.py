"""Tautolog beside other queues, in one run: `python -m benchmarks`."""
