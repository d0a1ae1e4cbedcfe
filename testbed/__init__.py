"""A real Kubernetes of one node, run as processes of this machine, for development and tests."""
