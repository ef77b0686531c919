"""The results as tables in Markdown."""

from statistics import median
from typing import Any

REFERENCE = "diffusers in f32"  # whose picture the others' are compared with
TITLES = {
    "text_encoder": "Text encoding",
    "transformer": "One transformer step",
    "vae_decoder": "Decoder",
    "total": "End to end",
}


def report(results: dict[str, Any]) -> str:
    parts = [_preface(results), f"### In short\n\n{_shorttable(results)}"]
    parts += [f"### {title}\n\n{_stagetable(results, stage)}" for stage, title in TITLES.items()]
    if results["growth"]:
        parts.append(f"### How cost grows ({results['grown']})\n\n{_growthtable(results['growth'])}")
    return "\n\n".join(parts)


def _preface(results: dict[str, Any]) -> str:
    machine, tokens = results["machine"], results["tokens"]
    peaks = ", ".join(f"{value / 1e9:.0f} GFLOP/s in {name}" for name, value in results["peak"].items())
    tools = ", ".join(f"{name} {release}" for name, release in machine["tools"].items())
    lines = [
        f"{machine['cpu']} ({', '.join(machine['extensions'])}), {machine['cores']} cores, "
        f"{machine['memory'] / 1e9:.0f} GB of memory.",
        f"Python {machine['python']}, {tools}; optimum-intel with {', '.join(machine['optimum-intel'])}.",
        f"{results['size']}x{results['size']} pixels, {results['steps']} steps: medians of {results['runs']} runs "
        "after a warm-up, each row in a process of its own.",
        f"Text: {tokens['computed']} tokens are computed here, after {tokens['cached']} cached ones, and "
        f"{tokens['attended']} attended to; diffusers and optimum-intel compute {tokens['padded']} and attend to "
        f"{tokens['padded attended']}.",
        '"in" is the precision that is computed in, "memory" the most that the process held during the stage, mapped '
        'weights included; "x" says how many times as fast as that side a row is.',
        f"The fastest product of two large matrices makes {peaks}; "
        '"of the peak" is what part of that a stage reaches with its own FLOP (8-bit arithmetic is compared, too, with '
        "the precision it is mixed with).",
        f'"picture" is the PSNR against the one of {REFERENCE}.',
    ]
    return "\n".join(f"- {line}" for line in lines)


def _shorttable(results: dict[str, Any]) -> str:
    steps, references = results["steps"], _references(results)
    rows = []
    for side in results["sides"]:
        if "refused" in side:
            rows.append([side["name"], side["refused"]])
            continue
        spent = [seconds(side, stage, steps) for stage in TITLES]
        row = [side["name"], _precisions(side, "total"), *(f"{_shown(each)} s" for each in spent)]
        row += [f"{seconds(reference, 'total', steps) / spent[-1]:.1f}" for reference in references]
        rows.append([*row, _gigabytes(side["memory"]["total"]), _likeness(side)])
    names = [f"x {side['name']}" for side in references]
    return table(["", "in", *TITLES.values(), *names, "memory", "picture"], rows)


def _stagetable(results: dict[str, Any], stage: str) -> str:
    steps, references = results["steps"], _references(results)
    header = [
        "",
        "in",
        "seconds",
        "memory",
        *(f"x {side['name']}" for side in references),
        "TFLOP",
        "GFLOP/s",
        "of the peak",
    ]
    if stage == "total":
        header.append("picture")
    rows = []
    for side in results["sides"]:
        if "refused" in side:
            rows.append([side["name"], side["refused"]])
            continue
        spent = seconds(side, stage, steps)
        work = flop(results["flop"], side, stage, steps)
        row = [side["name"], _precisions(side, stage), _shown(spent), _gigabytes(side["memory"][stage])]
        row += [f"{seconds(reference, stage, steps) / spent:.2f}" for reference in references]
        row += [f"{sum(work.values()) / 1e12:.3g}", f"{sum(work.values()) / spent / 1e9:.0f}"]
        row.append(f"{ideal(work, side['precisions'], results['peak']) / spent:.0%}")
        if stage == "total":
            row.append(_likeness(side))
        rows.append(row)
    return table(header, rows)


def _growthtable(growth: list[dict[str, Any]]) -> str:
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
    return table(header, rows)


def seconds(record: dict[str, Any], stage: str, steps: int) -> float:
    """Return the median over the runs: of one step for the transformer, of everything for "total"."""
    return median(run[stage] for run in record["runs"]) / (steps if stage == "transformer" else 1)


def flop(counted: dict[str, Any], side: dict[str, Any], stage: str, steps: int) -> dict[str, int]:
    """Return the FLOP of each stage (one step of the transformer), and of a whole picture for "total"."""
    work = {
        "text_encoder": counted["text_encoder"][side["text"]],
        "transformer": counted["transformer"][side["text"]],
        "vae_decoder": counted["vae_decoder"][side["vae"]],
    }
    return {**work, "transformer": steps * work["transformer"]} if stage == "total" else {stage: work[stage]}


def ideal(work: dict[str, int], precisions: dict[str, str], peak: dict[str, float]) -> float:
    """Return the seconds that the work would take at the machine's peak in the precision of each stage."""
    return sum(work[stage] / peak[precisions[stage]] for stage in work)


def _references(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sides that the others are compared with."""
    return [side for side in results["sides"] if side["text"] == "padded" and "runs" in side]


def _likeness(side: dict[str, Any]) -> str:
    return f"{side['psnr_db']:.1f} dB" if "psnr_db" in side else ""


def _precisions(side: dict[str, Any], stage: str) -> str:
    names = side["precisions"].values() if stage == "total" else [side["precisions"][stage]]
    return ", ".join(sorted(set(names)))


def _shown(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _gigabytes(value: int) -> str:
    return f"{value / 1e9:.1f} GB"


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table; fill short rows up with empty cells."""
    filled = [row + [""] * (len(header) - len(row)) for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *filled])
