"""What drivers of batteries have in common that tell of their power alone."""

from gatewayd.model.reading import BatteryStatus


def status(power_w: float | None, idle_w: float) -> BatteryStatus | None:
    """What a battery does, charging +; below `idle_w` it only feeds its own electronics."""
    if power_w is None:
        return None
    if abs(power_w) < idle_w:
        return BatteryStatus.IDLE
    return BatteryStatus.CHARGING if power_w > 0 else BatteryStatus.DISCHARGING
