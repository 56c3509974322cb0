"""Whether what devices say can be true: pure rules over what was read.

What `doubts` and `wired` find holds an asset back from being armed; the rest are hints.
"""
