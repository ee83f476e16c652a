"""One partition's log over a `Storage`: segments, indexes, epochs, producer states, recovery, retention, compaction."""
