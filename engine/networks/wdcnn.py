"""WDCNN: a first kernel wide enough to hear a resonance, then small ones.

References
----------
.. [1] W. Zhang, G. Peng, C. Li, Y. Chen and Z. Zhang, "A New Deep Learning Model for Fault Diagnosis with Good
   Anti-Noise and Domain Adaptation Ability on Raw Vibration Signals", Sensors 17(2), 425, 2017.
   doi:10.3390/s17020425
"""

from torch import Tensor, nn


def stage(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> nn.Sequential:
    """Return convolution, batch normalisation, ReLU and pooling by two, as in table 1 of [1]."""
    return nn.Sequential(
        nn.Conv1d(inputs, outputs, kernel, stride=stride, padding=padding),
        nn.BatchNorm1d(outputs),
        nn.ReLU(),
        nn.MaxPool1d(2),
    )


class WDCNN(nn.Module):
    """Five convolutions and two fully connected layers over windows of 2048 samples.

    Parameters
    ----------
    classes : int
        Number of logits.
    channels : int
        Channels of a window.
    """

    def __init__(self, classes: int, channels: int = 1) -> None:
        super().__init__()
        self.features = nn.Sequential(
            stage(channels, 16, kernel=64, stride=16, padding=24),
            stage(16, 32, kernel=3, stride=1, padding=1),
            stage(32, 64, kernel=3, stride=1, padding=1),
            stage(64, 64, kernel=3, stride=1, padding=1),
            stage(64, 64, kernel=3, stride=1, padding=0),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(64 * 3, 100), nn.BatchNorm1d(100), nn.ReLU(), nn.Linear(100, classes)
        )

    def forward(self, windows: Tensor) -> Tensor:
        """Logits of shape (W, K) for windows of shape (W, C, 2048)."""
        logits: Tensor = self.classifier(self.features(windows))
        return logits
