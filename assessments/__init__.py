"""JUDGEMENTS: what follows from the facts on a day, when that changed, whom to tell. Imports registry."""
