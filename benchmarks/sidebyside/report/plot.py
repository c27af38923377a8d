"""The results as one SVG: CPU per request with small bodies, throughput with large ones.

In: drawing with matplotlib, which the `bench` extra brings. Not in: the numbers (``summary``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sidebyside.report.results import Results
from sidebyside.report.summary import SUBJECT, rows_of, scenarios_of
from sidebyside.scenario import PRIMARY, SIZES, Scenario

_OURS, _OTHERS = "#c2410c", "#64748b"
_LARGE = Scenario("1m", headers="none", connections=64)


def draw(results: Results, path: Path) -> bool:
    """Write the plot to *path*; False, and nothing written, when matplotlib is missing or nothing was measured."""
    measured = scenarios_of(results)
    panels = [scenario for scenario in (PRIMARY, _LARGE) if scenario in measured] or measured[:1]
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        return False
    if not panels:
        return False
    # The same results give the same bytes: no random ids, no date.
    with mpl.rc_context({"svg.hashsalt": "vizgate", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure = Figure(figsize=(6.0 * len(panels), 4.2), layout="constrained")
        for place, scenario in enumerate(panels, start=1):
            axes = figure.add_subplot(1, len(panels), place)
            if scenario.size == "1m":
                _bars(
                    axes,
                    _throughput(results, scenario),
                    f"Throughput, {SIZES['1m']} bodies, MiB/s",
                    "{:,.0f}",
                    log=False,
                )
            else:
                title = f"CPU per request, {SIZES[scenario.size]} bodies, us (log scale)"
                _bars(axes, _cpu(results, scenario), title, "{:,.0f}", log=True)
        figure.savefig(path, format="svg", metadata={"Date": None})
    return True


def _cpu(results: Results, scenario: Scenario) -> list[tuple[str, float]]:
    pairs = [(row.contender, row.cpu_us) for row in rows_of(results, scenario) if row.cpu_us != float("inf")]
    return sorted(pairs, key=lambda pair: pair[1])


def _throughput(results: Results, scenario: Scenario) -> list[tuple[str, float]]:
    pairs = [(row.contender, row.requests_per_s) for row in rows_of(results, scenario)]
    return sorted(pairs, key=lambda pair: -pair[1])


def _bars(axes: Any, pairs: list[tuple[str, float]], title: str, label: str, *, log: bool) -> None:
    names, values = [name for name, _ in pairs], [value for _, value in pairs]
    colours = [_OURS if name.startswith(SUBJECT) else _OTHERS for name in names]
    bars = axes.barh(names, values, color=colours, log=log)
    axes.bar_label(bars, labels=[label.format(value) for value in values], padding=3)
    axes.invert_yaxis()  # the best on top
    axes.margins(x=0.15)
    axes.set_title(title, fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
