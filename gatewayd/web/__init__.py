"""The local pages: the home at a glance, read only, without anything from outside."""
