"""Tautolog: a message queue with Kafka's protocol and guarantees, and the evidence that it keeps them."""

__version__ = "0.1.0"
