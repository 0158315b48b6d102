"""One conversation with each provider through the server, with no key and no network: see ``__main__``."""
