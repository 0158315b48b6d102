"""Mixed load with faults against a real server, for a long time: what grows, and who is hurt."""
