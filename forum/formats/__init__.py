"""How moments are told, for each language; Django’s own formats hold for what is not told here."""
