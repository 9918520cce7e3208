"""The same proofs as the tests, with large numbers: `make prove`."""
