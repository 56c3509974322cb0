"""What would have come of decisions that were only put on record, held against what was measured.

Each asset is taken alone, beside the rest of the home as it was. A charger postpones: what it would
not have drawn it draws as soon as it may, while the same car is there, and nothing earlier than in
truth. A battery that holds more or less than in truth evens that out, from import or from export,
as soon as it is left to itself. A heat pump makes up for what it was blocked from once it is left
alone, and does not draw again what it drew ahead while boosted. Losses are reckoned of nothing but
heat that was not used within a day.
"""
