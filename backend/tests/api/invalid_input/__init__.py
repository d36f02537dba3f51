"""What is refused: hostile and mistaken requests."""
