"""Every port in memory: for tests, for demonstrations, and to show what the ports promise."""
