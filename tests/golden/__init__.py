"""What other programs say is right, recorded."""
