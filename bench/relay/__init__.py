"""What a relay between apps and voice providers costs: the parts of `bench.side_by_side`.

One process is both provider and apps, so that every message is timed by one clock. It holds one core; the relay that
is measured holds another. `pacing`, `wires`, `flows`, `ramp` and `report` are free of I/O; `sockets` and `load` hold
the connections, `contenders` and `processes` start what is measured, `requests` and `rounds` measure.
"""
