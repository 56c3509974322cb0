"""`python -m gatewayd` is the command `gatewayd`."""

from gatewayd.cli import main

main()
