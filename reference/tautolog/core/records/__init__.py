"""Record batches, version 2: parse, validate, build. Compression stays opaque."""
