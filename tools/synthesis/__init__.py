"""Make synthetic training speech with the synthesiser's own phone times: ``python -m tools.synthesis``."""
