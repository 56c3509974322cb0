"""What goes over the wire, by hand, one file per kind; proved equal to the contract by tests.

Wire models never leave `enode`: `views` is the only bridge to the model.
"""
