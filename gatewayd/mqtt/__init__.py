"""The home as MQTT topics, for Home Assistant and everybody else who reads MQTT.

Here, and nowhere else, Home Assistant's units and signs are used: W, kWh, %, and a battery whose
power is positive while it DISCHARGES (`homeassistant/components/energy`), the opposite of ours.
"""
