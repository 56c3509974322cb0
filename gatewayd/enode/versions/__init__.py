"""The dated versions of the API: which are served, and what an older one looks like.

All handlers speak the newest. What differs for an older caller is a chain of pure steps, one file
per version in which something changed: `middleware` runs them over requests, newest last, and over
answers, newest first; webhooks run them over events.
"""

from gatewayd.enode.versions.chain import adapt_event, knows_event
from gatewayd.enode.versions.served import NEWEST, SERVED, effective

__all__ = ["NEWEST", "SERVED", "adapt_event", "effective", "knows_event"]
