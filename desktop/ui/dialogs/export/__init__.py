"""Export dialog: what is written of one song or many, in which form, under which names, and what that gives."""
