"""A small display on the panel: what plays, in plain words, readable from where a player stands."""
