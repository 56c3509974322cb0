"""Decisions made again, from what they were made from, by the same pure functions.

`record` writes what is given beside a decision; `again` makes it anew.
"""
