"""gatewayd: the energy gateway of one home."""

__version__ = "0.1.0"
