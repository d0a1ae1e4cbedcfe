"""What the objects of a Kubernetes cluster mean for a task: how it ended, and what holds it up."""
