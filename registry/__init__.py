"""FACTS: what is so about us (tables) and about the law (dated files). Imports nothing from assessments."""
