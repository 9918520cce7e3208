"""Pages that show what follows: one noun a file, its `ROUTES` found by being there."""
