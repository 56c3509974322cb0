"""Statistics of consumption and production, from the gateway's own history.

Energy is counted in whole microwatt-hours and money in exact decimals, so that however the time
is divided the parts add up to the whole, to the last digit.
"""
