"""Coverage-guided fuzzing of the targets in tests/fuzz."""
