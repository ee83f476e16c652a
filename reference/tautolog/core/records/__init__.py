"""Record batches of message format v2: their header, their records, their checksum. Knows bytes, never files or partitions."""
