"""How passes rewrite ONNX graphs that answer afterwards as they did before, and how they make sure of it."""
