"""Engines that work on a model: prove it without bounds, explore it within bounds, compare traces with it.

They take models as data (the small language of `tautolog_spec.language`) and know none in particular. `states` is the
reference they are held to: it evaluates formulas and actions in the most literal way, slowly.
"""
