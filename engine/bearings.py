"""Geometry of bearings, by type."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from engine.dsp.kinematics import Geometry
from engine.errors import BearingUnknownError

#: Of the specimens in public data sets, as their authors publish it.
MEASURED: Mapping[str, Geometry] = {
    # Case Western Reserve University Bearing Data Center, drive end: 0.3126 and 1.537 inch.
    "6205-2RS": Geometry(9, 7.94, 39.04),
    # The same, fan end: 0.2656 and 1.122 inch.
    "6203-2RS": Geometry(8, 6.746, 28.50),
    # C. Lessmeier et al., Paderborn University's data set, 2016.
    "6203": Geometry(8, 6.75, 28.55),
    # P. Nectoux et al., PRONOSTIA (IEEE PHM 2012).
    "6804": Geometry(13, 3.5, 25.6),
    # B. Wang et al., XJTU-SY data sets, 2020 (LDK, for a bearing unit).
    "UER204": Geometry(8, 7.92, 34.55),
    # SpectraQuest's bearing units: 0.3125 and 1.319 inch (PHM 2009), 0.3125 and 1.516 inch (Huang & Baddour, 2018).
    "ER-10K": Geometry(8, 7.938, 33.503),
    "ER-16K": Geometry(9, 7.938, 38.52),
    # E. Bechhoefer, MFPT fault data sets: 0.235 and 1.245 inch.
    "NICE": Geometry(8, 5.969, 31.623),
    # F. M. L. Ribeiro et al., machinery fault database MAFAULDA.
    "MAFAULDA": Geometry(8, 7.145, 28.519),
    # A. P. Daga et al., DIRG of the Politecnico di Torino, 2019: cylindrical rollers.
    "DIRG-B1": Geometry(10, 9.0, 40.5),
    # J. Lee et al., IMS data set (Rexnord, double row of rollers): 0.331 and 2.815 inch.
    "ZA-2115": Geometry(16, 8.41, 71.5, 15.17),
}

#: Deep-groove bearings as most makers build them: the usual number and size of balls, running midway between the
#: bore and the outside diameter of ISO 15. A maker's own catalogue may differ by a percent.
TYPICAL: Mapping[str, Geometry] = {
    "6204": Geometry(8, 7.938, 33.5),
    "6206": Geometry(9, 9.525, 46.0),
    "6207": Geometry(9, 11.112, 53.5),
    "6208": Geometry(9, 12.0, 60.0),
    "6305": Geometry(7, 11.509, 43.5),
    "6306": Geometry(8, 12.303, 51.0),
    "6307": Geometry(8, 13.494, 57.5),
    "6308": Geometry(8, 15.081, 65.0),
    "6309": Geometry(8, 17.462, 72.5),
    "6310": Geometry(8, 19.05, 80.0),
}

BEARINGS: Mapping[str, Geometry] = MappingProxyType(dict(sorted({**MEASURED, **TYPICAL}.items())))


def bearing(name: str) -> Geometry:
    """Return the geometry of the bearing type ``name``.

    Case, separators, the maker's name before the type and suffixes behind it do not matter: ``6205``, ``6205-2Z``
    and ``SKF 6205-2RS JEM`` all find ``6205-2RS``, for seals and cages leave the geometry as it is.

    Raises
    ------
    BearingUnknownError
        If no type answers to the name.
    """
    named = [known for known in BEARINGS if holds(name, known)]
    named = named or [known for known in BEARINGS if known[0].isdigit() and holds(name, known.partition("-")[0])]
    if not named:
        raise BearingUnknownError(name, list(BEARINGS))
    return BEARINGS[max(named, key=len)]  # 6203-2RS says more than the 6203 in it


def holds(text: str, name: str) -> bool:
    """Whether a text holds a bearing's name, whatever separates its letters, and not as a part of a longer number."""
    letters = re.findall(r"[A-Z0-9]", name)
    pattern = r"(?<![A-Z0-9])" + r"[^A-Z0-9]*".join(letters) + r"(?![0-9])"
    return re.search(pattern, text.upper()) is not None
