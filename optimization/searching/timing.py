"""How long the parts of a search take, and with it when the race must end."""

from dataclasses import dataclass, field

from optimization.proving.comparison import recordings_needed

#: What comes after the race takes as long as so many of its heats, not counting the proof.
END_HEATS = 9.0
#: Flips with which a proof may still hold, one after the other: more recordings are asked where it is undecided.
FLIPS_ALLOWED = (0, 2, 6)
FEWEST_PROVEN, MOST_PROVEN = 100, 3000


@dataclass(slots=True)
class Costs:
    """What was spent so far, in seconds.

    Attributes
    ----------
    groups_s : list of float
        For each group of candidates: all that was done with it.
    heats_s : list of float
        For each heat: measuring alone, once.
    screened_s : list of float
        For each candidate: comparing its verdicts with the network's, which the first of them asked too.
    """

    groups_s: list[float] = field(default_factory=list)
    heats_s: list[float] = field(default_factory=list)
    screened_s: list[float] = field(default_factory=list)

    @property
    def next_group_s(self) -> float:
        """What the next group takes, as far as can be told."""
        return max(self.groups_s, default=0.0)

    def end_s(self, flips_share: float, screened_on: int) -> float:
        """Return what the last heat, the proof and the measurement after it take, as far as can be told.

        Parameters
        ----------
        flips_share : float
            Share of verdicts that may flip, which decides how many recordings a proof needs.
        screened_on : int
            Recordings on which candidates were compared.
        """
        proof_s = proof_sizes(flips_share)[0] / screened_on * max(self.screened_s, default=0.0)
        return END_HEATS * max(self.heats_s, default=0.0) + proof_s


def proof_sizes(flips_share: float) -> list[int]:
    """Return how many recordings a proof is made with, and more where it is undecided.

    Parameters
    ----------
    flips_share : float
        Share that may flip; without a flip, the first number shows that no more do.
    """
    needed = [recordings_needed(flips, flips_share) or MOST_PROVEN for flips in FLIPS_ALLOWED]
    return sorted({min(max(count, FEWEST_PROVEN), MOST_PROVEN) for count in needed})
