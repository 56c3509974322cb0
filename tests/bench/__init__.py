"""What gatewayd costs, beside a raw limit measured in the same run. Run by `./run bench`."""
