"""What the gateway tells beyond Enode, under `/gateway/`: its devices, reasons, and live events."""
