"""The devices of the virtual home: each turns the physics into its own registers, and writes into
orders for the physics. One file per device; vendors' signs and quirks live there and only there.
"""
