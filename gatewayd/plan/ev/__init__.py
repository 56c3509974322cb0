"""How each charger charges: off, from the sun, now, by a schedule or by a plan.

`machine.decide` is one look at one charger; times are monotonic seconds.
"""
