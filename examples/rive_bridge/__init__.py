"""Set the number inputs of a Rive state machine from visemes; see README.md."""
