"""Measure the cost of a relay between apps and voice providers: the parts of `bench.side_by_side`.

One process is both provider and apps, so one clock times every message. It uses one core; the relay under
measurement uses another. `pacing`, `wires`, `flows`, `ramp` and `report` are free of I/O; `sockets` and `load` hold
the connections, `contenders` and `processes` start the relays, `requests` and `rounds` measure.
"""
