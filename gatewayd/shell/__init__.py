"""What the command line does for whoever installs devices and looks after them."""
