"""The museum's rooms, one for each family of models: what went wrong, where it was told, and how to see it again."""
