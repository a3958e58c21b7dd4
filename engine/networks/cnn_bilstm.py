"""CNN-BiLSTM: two convolutions hear the impacts, a bidirectional LSTM follows how they repeat.

References
----------
.. [1] S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997.
   doi:10.1162/neco.1997.9.8.1735
.. [2] R. Zhao, R. Yan, J. Wang and K. Mao, "Learning to Monitor Machine Health with Convolutional Bi-Directional
   LSTM Networks", Sensors 17(2), 273, 2017. doi:10.3390/s17020273
"""

from torch import Tensor, nn

HIDDEN = 64


def stage(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> nn.Sequential:
    """Return convolution, batch normalisation, ReLU and pooling by two."""
    return nn.Sequential(
        nn.Conv1d(inputs, outputs, kernel, stride=stride, padding=padding, bias=False),
        nn.BatchNorm1d(outputs),
        nn.ReLU(),
        nn.MaxPool1d(2),
    )


class CNNBiLSTM(nn.Module):
    """Convolutions down to a step every 32 samples, two layers of LSTM both ways, their mean over time.

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
            stage(channels, 32, kernel=64, stride=8, padding=28),
            stage(32, HIDDEN, kernel=3, stride=1, padding=1),
        )
        self.recurrent = nn.LSTM(HIDDEN, HIDDEN, num_layers=2, batch_first=True, bidirectional=True)
        self.classifier = nn.Linear(2 * HIDDEN, classes)

    def forward(self, windows: Tensor) -> Tensor:
        """Logits of shape (W, K) for windows of shape (W, C, L)."""
        states, _ = self.recurrent(self.features(windows).transpose(1, 2))
        logits: Tensor = self.classifier(states.mean(dim=1))
        return logits
