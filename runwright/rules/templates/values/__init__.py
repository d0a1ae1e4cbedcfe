"""Values as templates see them: the types of Go over what JSON knows."""
