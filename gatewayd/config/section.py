"""What every section of the config is."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping in which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# What pydantic is to call the side of a union whose faults are told; no part of what is written.
SIDE = "side"
