"""Finding devices in the home's network: it only asks, slowly, and never outside."""
