"""What integers do to a network, tried layer by layer and window by window."""
