"""The sun in the config: who has it first."""

from pydantic import Field

from gatewayd.config.governed import Percent, Signed
from gatewayd.config.section import Section
from gatewayd.plan.ev.surplus import BatteryRule


class Solar(Section):
    """What of the sun is for cars that follow it."""

    battery_first_below_pct: Percent = Field(
        default=0, description="Below this level what the battery charges with is not for cars."
    )
    battery_lends_above_pct: Percent = Field(
        default=100, description="Above this level the battery may keep a charging car going."
    )
    residual_w: Signed = Field(default=0, description="What is left for the grid.")

    def rule(self) -> BatteryRule:
        """Who comes first, car or battery."""
        below, above = self.battery_first_below_pct, self.battery_lends_above_pct
        return BatteryRule(below, above, self.residual_w)
