"""Deterministic producer, consumer and admin state machines, for simulation and for recording histories."""
