"""All that a driver author may import, beside `gatewayd.links`."""
