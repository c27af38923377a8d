"""From one configuration to the next while requests go on."""
