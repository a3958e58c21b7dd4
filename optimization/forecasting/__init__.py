"""What a pass will bring, told beforehand: a machine's kernels, and the operators that a pass will leave."""
