"""What Go makes of templates: the cases, and what came out."""
