"""Partitions as their leader sees them: appends, reads, high watermark, waiting fetches."""
