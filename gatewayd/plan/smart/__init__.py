"""Smart charging: a charge that runs is stopped, and started where energy is cheapest.

`policy` says whether it may be enabled, `window` finds the cheapest time, `considering` makes a
plan, `machine` carries it out, `override` lets the user have it at once.
"""
