"""The repository itself: layers, requirements, documents, supply chain."""
