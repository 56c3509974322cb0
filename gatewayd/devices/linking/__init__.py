"""How devices come to users and go: which drivers there are, what answers, what was agreed."""
