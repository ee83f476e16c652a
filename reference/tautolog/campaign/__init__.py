"""Workloads, faults and verdicts over many seeds: where broker, simulator and judges meet."""
