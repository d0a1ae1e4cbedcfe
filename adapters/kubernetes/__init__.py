"""A Kubernetes cluster: its objects, Jobs as tasks, and the custom resources that runs are."""
