"""What the proof of a bundle says here: it holds for the instruction sets and the runtime that it was made with."""

from typing import Any

HIDDEN = "instruction sets that the system does not tell"


def held_here(entry: dict[str, Any], machine: dict[str, Any], parity: dict[str, Any]) -> dict[str, Any]:
    """Return a candidate's proof as it stands on this machine, as plain JSON.

    Parameters
    ----------
    entry : mapping
        The candidate's, of ``bundle.json``.
    machine : mapping
        From `machine.this_machine`.
    parity : mapping
        From `parity.check`.
    """
    proof = entry["proof"]
    if proof is None:
        reason = f"There is no proof in this bundle that {entry['name']} gives the verdicts of what it was made from."
        return {"verdict": None, "holds_here": False, "sentence": f"{reason} {measured_here(parity)}"}
    reasons = [*other_instruction_sets(proof, machine), *other_runtime(proof, machine)]
    if reasons:
        reason = f"{' '.join(reasons)} It does not hold here."
        return {"verdict": proof["verdict"], "holds_here": False, "sentence": f"{reason} {measured_here(parity)}"}
    flips = f"{proof['flips']} of {proof['recordings']} verdicts flipped, at most {proof['flips_upper_bound']:.1%} do"
    sentence = f"The proof in this bundle was made with the instruction sets and the runtime that are here: {flips}."
    if proof["verdict"] != "equivalent":
        sentence = f"The proof in this bundle says {proof['verdict']}: {flips}."
    return {"verdict": proof["verdict"], "holds_here": proof["verdict"] == "equivalent", "sentence": sentence}


def other_instruction_sets(proof: dict[str, Any], machine: dict[str, Any]) -> list[str]:
    """Say how the instruction sets differ from those of the proof, if they do."""
    made_with, here = proof["instruction_sets"].split(), machine["instruction_sets"]
    if here is not None and set(made_with) == set(here):
        return []
    told = HIDDEN if here is None else " ".join(here) or "none of those that reduced precision uses"
    lacking = [name for name in made_with if name not in (here or ())]
    missing = f", without {' '.join(lacking)}" if lacking and here else ""
    return [f"The proof in this bundle was made with {' '.join(made_with) or 'none'}; here there is {told}{missing}."]


def other_runtime(proof: dict[str, Any], machine: dict[str, Any]) -> list[str]:
    """Say how the runtime differs from that of the proof, if it does."""
    here = machine["versions"]["onnxruntime"]
    if (proof["runtime"], proof["version"]) == ("onnxruntime", here):
        return []
    return [
        f"The proof in this bundle was made on {proof['runtime']} {proof['version']}; here runs onnxruntime {here}."
    ]


def measured_here(parity: dict[str, Any]) -> str:
    """Say what was measured here and what may be concluded from it, and no more."""
    count, changed = parity["recordings"], parity["verdicts_changed"]
    return (
        f"Verdicts were measured again on the {count} golden recordings only, and {changed} changed: in truth up to "
        f"{parity['verdicts_changed_at_most']:.0%} of recordings like these may."
    )
