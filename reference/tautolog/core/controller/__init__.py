"""The metadata state machine: topics, configs, producer ids, kept in a log of records."""
