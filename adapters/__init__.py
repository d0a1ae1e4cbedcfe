"""One package per outside system; none knows another."""
