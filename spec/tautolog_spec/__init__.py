"""What must be true: models as relational actions, their invariants, and the catalogue of historical bugs."""
