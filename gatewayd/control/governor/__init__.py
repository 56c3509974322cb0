"""Who has the say over chargers, batteries and inverters, and what comes of it.

`gather` turns the picture into what the pure rooms ask for; the guard's loop keeps its grants, the
governor the claims of everybody else; the bench settles them and has the commander keep it so.
"""
