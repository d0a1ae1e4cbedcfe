"""What workflows ask of the world: one module per port, every activity idempotent."""
