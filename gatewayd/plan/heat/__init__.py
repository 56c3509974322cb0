"""What a heat pump may be told: no compressor is started, or stopped, more often than it bears."""
