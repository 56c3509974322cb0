"""SolarEdge's own registers beside its SunSpec chain: batteries (StorEdge) and power control.

Sources: SolarEdge, "Modbus interface for StorEdge" and "Power control protocol" (F142, F300 to
F322), as solaredge-modbus-multi, evcc (template solaredge-hybrid) and a GX device's limiter use
them.
"""
