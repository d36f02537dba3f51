"""No owner reaches what belongs to another."""
