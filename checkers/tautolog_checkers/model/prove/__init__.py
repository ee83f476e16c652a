"""Proof by induction, without bounds on any sort: every obligation is one query to z3, or one SMT-LIB file for a stranger."""
