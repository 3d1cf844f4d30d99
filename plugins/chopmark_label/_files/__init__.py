"""Files that carry an implicit label: one module for each family of formats."""
