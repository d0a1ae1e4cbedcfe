"""Durable runs for Kubernetes, on Temporal."""
