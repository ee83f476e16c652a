"""Every conversation, by importing the modules that hold them."""

from conformance.conversations import admin, configs, consuming, groups, metadata, offsets, producing, timestamps  # noqa: F401  # importing registers them
