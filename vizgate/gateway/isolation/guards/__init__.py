"""What stands around each kind of plugin."""
