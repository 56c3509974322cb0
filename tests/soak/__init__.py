"""Houses at one-second steps, many times faster than real time, with everything that goes wrong.

`./run soak control` lets the fuse guard and a reference policy live in the same houses. The
reference policy has to trip breakers where the guard does not, or nothing is shown.
"""
