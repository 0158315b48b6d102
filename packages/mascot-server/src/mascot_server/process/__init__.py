"""The server process: uvicorn, worker processes, garbage collection, self-check."""
