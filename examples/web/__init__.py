"""A web page with a face that talks by each official JavaScript SDK: ``python -m examples.web``."""
