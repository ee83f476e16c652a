"""Exploration of finite instances: states are integers, a bit for every tuple of every relation; actions are compiled."""
