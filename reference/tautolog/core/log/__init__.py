"""One partition's log over a `Storage`: segments and their indexes, leader epochs, producers, recovery, retention, compaction."""
