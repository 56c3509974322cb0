"""What exists in a home. Pure: no I/O, no asyncio, no pydantic.

Signs are Enode's: positive flows into the asset or into the site (battery charging +,
grid import +, charger +), inverter production is positive. Unknown is None, never 0.
"""
