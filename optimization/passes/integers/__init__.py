"""How passes turn a network's weights and activations into integers."""
