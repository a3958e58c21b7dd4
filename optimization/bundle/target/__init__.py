"""What runs on the target: Python files that import NumPy, ONNX Runtime and the standard library, and nothing else."""
