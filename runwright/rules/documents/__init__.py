"""Text of YAML or JSON as values."""
