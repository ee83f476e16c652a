"""Deterministic producer, consumer and admin state machines, for simulation and for recording histories.

Each is a node (`tautolog.core.node`): `start`, `receive`, `wake`, `next_wake`, `outbox`. Its outbox holds `Send(address,
request)` and `Hangup(address)`; it receives `Reply(token, message)` and `Lost(reason)` from an `Address`
(`tautolog.client.link`). The application calls methods between steps and drains results; nothing here calls back or waits.
"""
