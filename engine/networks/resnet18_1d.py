"""ResNet18-1D: the eighteen-layer residual network with kernels along time.

References
----------
.. [1] K. He, X. Zhang, S. Ren and J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016.
   doi:10.1109/CVPR.2016.90
"""

from itertools import pairwise

from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two convolutions and a shortcut (figure 5, left, of [1])."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm1d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv1d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm1d(outputs)
        self.relu2 = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv1d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm1d(outputs)
            )

    def forward(self, features: Tensor) -> Tensor:
        """Features of shape (W, outputs, L / stride) for features of shape (W, inputs, L)."""
        residual = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(features)))))
        output: Tensor = self.relu2(residual + self.shortcut(features))
        return output


class ResNet18(nn.Module):
    """Eight residual blocks of 64 to 512 channels, averaged over time: windows may have any length from 32 samples.

    Parameters
    ----------
    classes : int
        Number of logits.
    channels : int
        Channels of a window.
    """

    def __init__(self, classes: int, channels: int = 1) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv1d(channels, 64, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm1d(64),
            nn.ReLU(),
            nn.MaxPool1d(3, stride=2, padding=1),
        )
        widths = (64, 64, 64, 128, 128, 256, 256, 512, 512)
        self.blocks = nn.Sequential(
            *(BasicBlock(inputs, outputs, stride=1 if inputs == outputs else 2) for inputs, outputs in pairwise(widths))
        )
        self.pool = nn.AdaptiveAvgPool1d(1)
        self.classifier = nn.Linear(512, classes)

    def forward(self, windows: Tensor) -> Tensor:
        """Logits of shape (W, K) for windows of shape (W, C, L)."""
        logits: Tensor = self.classifier(self.pool(self.blocks(self.stem(windows))).flatten(1))
        return logits
