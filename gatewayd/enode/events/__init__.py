"""What happened, as Enode's events: from notes in the outbox and from changes of the picture.

A row of the outbox is *complete* when its body has every key that its event has beside the
envelope, see `wire.event`. Rooms below this one know no wire models: they append a *note* (an id,
or whatever they need to tell later) in the transaction of their change, and `notes.COMPLETERS`
has the function that makes the body of it.
"""
