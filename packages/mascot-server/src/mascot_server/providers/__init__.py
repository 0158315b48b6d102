"""The providers: configuration, wire format, and connection details of each."""
