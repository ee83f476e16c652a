"""Kafka's requests and responses as typed classes, one module an API key, under Kafka's own names.

Generated from `tautolog/wire/schemas/` (`python -m tautolog.wire.generate`). A field's type is the widest over all
versions: which fields travel in which version is the codec's business. Import the module of the API you need; importing
all of them is what a broker's start must not pay for.
"""
