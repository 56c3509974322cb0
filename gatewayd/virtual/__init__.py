"""The virtual home: simulated devices behind real protocol servers, moved by physics.

A user feature (`gatewayd demo`) as well as the test bench of everything that talks to devices.
"""
