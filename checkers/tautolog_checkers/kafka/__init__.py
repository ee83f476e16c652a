"""Kafka's promises over send, poll and txn histories: the classes of Jepsen's kafka workload, and beyond.

`transactions` reads operations, `logs` reconstructs what each partition must have held, `checks/` has one file per
promise, `profiles` says which classes a configuration forbids, `judge` brings them together.
"""
