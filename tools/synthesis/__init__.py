"""Makes synthetic training speech whose phone times the synthesiser itself gives: ``python -m tools.synthesis``."""
