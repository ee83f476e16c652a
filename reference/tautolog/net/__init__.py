"""The real world: an asyncio server and a file storage around the same deterministic broker."""
