"""Bugs of the metadata quorum, and of Raft before it."""

from __future__ import annotations

from tautolog_spec.exhibits.bug import Bug

EXHIBITS: tuple[Bug, ...] = ()
