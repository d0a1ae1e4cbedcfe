"""How fast Runwright is, each measure beside the bare Temporal that it stands on."""
