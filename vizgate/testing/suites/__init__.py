"""What every plugin of a kind must do, as one function for each kind."""
