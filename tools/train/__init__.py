"""Trains the network of mascot-visemes: ``python -m tools.train --help``. Not part of any wheel."""
