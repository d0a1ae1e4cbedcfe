"""The functions that templates call, grouped by what they are about."""
