"""Who has the say over an asset: everyone claims, the strongest wish holds, the stronger narrow it.

`settle` is the whole of it; it knows no clock and no device.
"""
