"""The providers: configuration, wire format, and how each is reached."""
