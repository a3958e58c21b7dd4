"""Patch transformer: a window cut into patches, each a token of an encoder.

References
----------
.. [1] A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762.
.. [2] Y. Nie, N. H. Nguyen, P. Sinthong and J. Kalagnanam, "A Time Series is Worth 64 Words: Long-term Forecasting
   with Transformers", ICLR 2023, arXiv:2211.14730.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

WINDOW = 2048
#: Half of each patch is the next one's too, so that no impact falls between two.
PATCH, STEP = 64, 32
WIDTH = 128
HEADS = 4
LAYERS = 3


class Block(nn.Module):
    """Attention and a feed-forward layer, each normalised before and added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(WIDTH)
        self.joined = nn.Linear(WIDTH, 3 * WIDTH)
        self.attended = nn.Linear(WIDTH, WIDTH)
        self.before_feeding = nn.LayerNorm(WIDTH)
        self.feeding = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of shape (W, T, D) to tokens of the same shape."""
        parts = self.joined(self.before_attention(tokens)).unflatten(-1, (3, HEADS, WIDTH // HEADS))
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        attended = functional.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.attended(attended.transpose(1, 2).flatten(2))
        fed: Tensor = tokens + self.feeding(self.before_feeding(tokens))
        return fed


class PatchTransformer(nn.Module):
    """An encoder over patches of 64 samples, half overlapping, its tokens' mean classified.

    Parameters
    ----------
    classes : int
        Number of logits.
    channels : int
        Channels of a window.
    """

    def __init__(self, classes: int, channels: int = 1) -> None:
        super().__init__()
        self.patches = nn.Conv1d(channels, WIDTH, PATCH, stride=STEP, padding=(PATCH - STEP) // 2)
        self.positions = nn.Parameter(torch.randn(1, WINDOW // STEP, WIDTH) * 0.02)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.normalised = nn.LayerNorm(WIDTH)
        self.classifier = nn.Linear(WIDTH, classes)

    def forward(self, windows: Tensor) -> Tensor:
        """Logits of shape (W, K) for windows of shape (W, C, 2048)."""
        tokens = self.patches(windows).transpose(1, 2) + self.positions
        logits: Tensor = self.classifier(self.normalised(self.blocks(tokens)).mean(dim=1))
        return logits
