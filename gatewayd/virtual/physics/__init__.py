"""What happens in the virtual home: sun, clouds, loads, battery, car and the grid between them.

Pure: no I/O, no asyncio, no clock of its own. Signs are Enode's (see `gatewayd.model`).
"""
