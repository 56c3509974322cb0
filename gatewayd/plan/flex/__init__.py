"""Flex: how far the charging of vehicles can be moved, and moving it.

`policy` knows what each user needs by when, `load` turns that into energies, `allocation` spreads
them over chunks as an intent asks, `shape` shows the outcome with its bounds, `intent` previews.
"""
