"""The results as tables in Markdown."""

from statistics import median
from typing import Any

TITLES = {
    "text_encoder": "Text encoding",
    "transformer": "One transformer step",
    "vae_decoder": "Decoder",
    "total": "End to end",
}


def report(results: dict[str, Any]) -> str:
    parts = [_preface(results)]
    parts += [f"### {title}\n\n{_stage_table(results, stage)}" for stage, title in TITLES.items()]
    if results["growth"]:
        parts.append(f"### How cost grows ({results['grown']})\n\n{_growth_table(results['growth'])}")
    return "\n\n".join(parts)


def _preface(results: dict[str, Any]) -> str:
    machine, roofline = results["machine"], results["roofline"]
    peaks = ", ".join(f"{value / 1e9:.0f} GFLOP/s in {name}" for name, value in roofline["peak"].items())
    tokens = roofline["tokens"]
    tools = ", ".join(f"{name} {release}" for name, release in machine["tools"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores ({', '.join(machine['extensions'])}), "
        f"{machine['memory'] / 1e9:.0f} GB; Python {machine['python']}, {tools}; "
        f"for optimum-intel {', '.join(machine['optimum-intel'])}. "
        f"{results['size']}x{results['size']} pixels, {results['steps']} steps; "
        f"medians of {results['runs']} runs after a warm-up, each side in a process of its own. "
        f"Of the text, {tokens['computed']} tokens are computed here, after {tokens['cached']} cached ones, and "
        f"{tokens['attended']} attended to; the others compute {tokens['padded']} and attend to "
        f"{tokens['attended padded']}. Memory is the peak during the stage, mapped weights included. "
        f"The machine's best matrix product: {peaks}; the last column is the part of it that the stage's own FLOP "
        "reach (8-bit arithmetic is compared with f32 too)."
    )


def _stage_table(results: dict[str, Any], stage: str) -> str:
    sides, steps = results["sides"], results["steps"]
    references = [side for side in sides if side["work"] == "padded" and "runs" in side]
    header = ["", "seconds", "memory", *(f"x {side['name']}" for side in references), "TFLOP", "GFLOP/s", "of the peak"]
    if stage == "total":
        header.append("picture")
    rows = []
    for side in sides:
        name = f"{side['name']} ({side['precision']})" if "precision" in side else side["name"]
        if "refused" in side:
            rows.append([name, side["refused"]])
            continue
        spent = seconds(side, stage, steps)
        work = flop(results["roofline"]["flop"][side["work"]], stage, steps)
        peak = results["roofline"]["peak"][side["precision"]]
        row = [name, _shown(spent), _gigabytes(side["memory"][stage])]
        row += [f"{seconds(reference, stage, steps) / spent:.2f}" for reference in references]
        row += [f"{work / 1e12:.2f}", f"{work / spent / 1e9:.0f}", f"{work / spent / peak:.0%}"]
        if stage == "total":
            row.append(f"{side['psnr_db']:.1f} dB" if "psnr_db" in side else "")
        rows.append(row)
    return _table(header, rows)


def _growth_table(growth: list[dict[str, Any]]) -> str:
    rows = []
    for record in growth:
        row = [f"{record['size']}x{record['size']}", str(record["steps"]), str(record["images"])]
        if "refused" in record:
            row.append(record["refused"])
        else:
            row += [_shown(seconds(record, stage, record["steps"])) for stage in TITLES]
            row += [_gigabytes(record["memory"][stage]) for stage in ("vae_decoder", "total")]
        rows.append(row)
    header = ["size", "steps", "images", *TITLES.values(), "memory while decoding", "memory at most"]
    return _table(header, rows)


def seconds(record: dict[str, Any], stage: str, steps: int) -> float:
    """The median over runs; of one step for the transformer, of everything for "total"."""
    return median(run[stage] for run in record["runs"]) / (steps if stage == "transformer" else 1)


def flop(stages: dict[str, int], stage: str, steps: int) -> int:
    """Of one step for the transformer, of a whole picture for "total"."""
    if stage == "total":
        return stages["text_encoder"] + steps * stages["transformer"] + stages["vae_decoder"]
    return stages[stage]


def _shown(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _gigabytes(value: int) -> str:
    return f"{value / 1e9:.1f} GB"


def _table(header: list[str], rows: list[list[str]]) -> str:
    """Short rows are filled up with empty cells."""
    filled = [row + [""] * (len(header) - len(row)) for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *filled])
