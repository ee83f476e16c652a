"""Consumer groups: membership, generations, committed offsets."""
