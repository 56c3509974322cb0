"""From the model to the wire: pure functions, and the only place of kW, kWh and camelCase."""
