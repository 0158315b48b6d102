"""A web page with a speaking face, for each official JavaScript SDK; run ``python -m examples.web``."""
