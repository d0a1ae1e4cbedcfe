"""Custom resources and messages as pydantic models; they know no client library."""
