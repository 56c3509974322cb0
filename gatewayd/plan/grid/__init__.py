"""What the connection to the grid may carry: the operator's limits, the contract's, and export."""
