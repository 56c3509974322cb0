"""Whether what devices say can be true: pure rules over what was read. Their findings are hints."""
