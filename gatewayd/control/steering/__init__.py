"""Schedules and smart charging as living things over the pure rules in `plan`.

`service` looks and acts, `known` is what it goes by, `decision` what comes of it; `schedules` and
`smart_charging` decide, `wishes` and `overrides` are for users.
"""
