"""Looking for inputs that break what must hold for every input."""
