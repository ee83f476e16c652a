"""Conformance: is what a node recorded a behaviour of a model? `traces` is the format, `validate` the answer."""
