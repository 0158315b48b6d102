"""Run a long mixed load with faults against a real server; detect growth and failed conversations."""
