"""Time against sections, one line an engine, both axes logarithmic."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from .engines import NAME
from .queries import KINDS
from .results import Results

SHOWN = "4 words"
"""The class of the plot that stands alone."""
COLOURS = ("#8c564b", "#e08214", "#e8b04a", "#7a7a7a", "#1f77b4", "#6baed6", "#9e9ac8", "#c6dbef")
OURS = "#c2185b"


def draw(results: Results, folder: Path) -> None:
    """Write `growth.svg`, of queries of four words, and `classes.svg`, a panel for each class."""
    mpl.rcParams["svg.hashsalt"] = "profile-search"
    mpl.rcParams["svg.fonttype"] = "none"
    single = Figure(figsize=(8, 5), layout="constrained")
    axes = single.subplots()
    _panel(axes, results, SHOWN)
    single.legend(loc="outside right upper", fontsize=8)
    panels = Figure(figsize=(15, 7), layout="constrained")
    grid = panels.subplots(2, 5, sharex=True, sharey=True)
    for axes, kind in zip(grid.flat, KINDS, strict=True):
        _panel(axes, results, kind)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    panels.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=9)
    for figure, name in ((single, "growth.svg"), (panels, "classes.svg")):
        figure.savefig(folder / name, metadata={"Date": None})


def _panel(axes: Any, results: Results, kind: str) -> None:
    names = list(results.sizes[0].times)
    colours = iter(COLOURS)
    for name in names:
        points = [(size.sections, middle) for size in results.sizes if (middle := size.middle(name, kind)) is not None]
        ours = name.startswith(NAME)
        style = {"color": OURS if ours else next(colours), "linewidth": 2.5 if ours else 1.5}
        sections, middles = [at for at, _ in points], [middle for _, middle in points]
        axes.plot(sections, middles, "o--" if "," in name else "o-", label=name, **style)
    axes.set(xscale="log", yscale="log", title=kind, xlabel="sections", ylabel="ms, median")
    axes.minorticks_off()
    axes.grid(visible=True, which="major", alpha=0.3)
