"""Judges of a whole run: what its last read shows, what groups committed, whether everything came to rest.

They ask more of a history than Jepsen's: a last read of everything (an `assign` marked `final`), the group and generation of
commits and assignments, lookups of committed offsets as `seek` operations. Where that is missing they judge nothing.
"""
