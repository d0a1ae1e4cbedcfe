"""Promises and the requests for them, as a cluster has them: taken in, and looked after."""
