"""The fuse guard: what each controllable load may draw, so that no breaker of the home trips.

It can only lower what others want. `guard.decide` is one look at meters and loads; all times are
monotonic seconds, all currents ampere per phase of the site.
"""
