# SPDX-License-Identifier: Apache-2.0
"""The pictures, drawn by matplotlib, each for light and for dark pages."""
import dataclasses
import io
import re

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, PercentFormatter  # noqa: E402

from . import runs as data  # noqa: E402

NAMES = {
    "roofline": "Roofline: every layer under the roofs of this core, scalar and vector",
    "networks": "Share of the measured peak, network by network, beside the peers",
    "layers": "Share of the measured peak, layer by layer, beside the peers",
    "time": "Where a network's time goes, by class of layer",
    "threads": "Speed against threads",
    "cold": "What is left of the speed when weights come from memory, by class of layer",
}
THEMES = {
    "light": {"back": "#ffffff", "text": "#1f2328", "faint": "#d8dce1", "muted": "#656d76"},
    "dark": {"back": "#14171c", "text": "#e3e7ec", "faint": "#333a44", "muted": "#98a2ae"},
}
VARIANT_COLOURS = {"light": ("#0b62c4", "#5ba3ef", "#8a5cd6"), "dark": ("#58a6ff", "#2f6fb8", "#b392f0")}
SCALAR_COLOUR = {"light": "#8c959f", "dark": "#8b949e"}
PEER_COLOURS = {
    "onednn-any": "#e69f00", "onednn-nchw": "#d55e00", "onednn-nhwc": "#b8392b", "xnnpack": "#009e73",
    "openblas": "#cc79a7", "libxsmm": "#35b0c9", "loops": "#a3977a",
}
CLASS_COLOURS = {
    "first": "#e69f00", "kxk": "#d55e00", "3x3": "#0072b2", "1x1": "#56b4e9", "strided": "#009e73",
    "depthwise": "#cc79a7", "grouped": "#9467bd", "fc": "#8c8c8c", "other": "#555555",
}
MARKERS = {"onednn-any": "D", "onednn-nchw": "v", "onednn-nhwc": "^", "xnnpack": "s", "openblas": "P",
           "libxsmm": "X", "loops": "."}


@dataclasses.dataclass
class Picture:
    name: str
    run: str  # key of the run that it shows
    theme: str
    format: str
    content: bytes

    @property
    def file_name(self):
        return f"{self.name}-{self.run}-{self.theme}.{self.format}"


def engine_colour(run, name, theme):
    if name == "scalar":
        return SCALAR_COLOUR[theme]
    if name in run.variants:
        vectors = [v for v in run.variants if v != "scalar"]
        return VARIANT_COLOURS[theme][min(vectors.index(name), 2)]
    return PEER_COLOURS.get(name, "#777777")


def style(theme):
    colours = THEMES[theme]
    return {
        "figure.facecolor": colours["back"], "axes.facecolor": colours["back"], "savefig.facecolor": colours["back"],
        "text.color": colours["text"], "axes.labelcolor": colours["text"], "axes.edgecolor": colours["muted"],
        "xtick.color": colours["text"], "ytick.color": colours["text"], "grid.color": colours["faint"],
        "axes.grid": True, "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
        "legend.frameon": False, "font.size": 10, "axes.titlesize": 11, "axes.titleweight": "bold",
        "axes.titlelocation": "left", "svg.fonttype": "none", "svg.hashsalt": "corr2d",
        "font.family": ["DejaVu Sans"],
    }


def subtitle(run):
    machine = run.machine
    roof = run.roofs["vector"]
    peak = f"FMA peak {roof['gflops']:.0f} GFLOP/s ({roof['name']})"
    return f"{machine['cpu']}, {run.title}; {peak}, {machine['compiler']}"


def finish(figure, title, run, theme, margin=0.02):
    figure.suptitle(title, x=0.01, y=1 - margin, ha="left", weight="bold", size=13)
    figure.text(0.01, 0.012, subtitle(run), size=8, color=THEMES[theme]["muted"])


def compared(run):
    """All but the variant for CPUs of long ago."""
    return [name for name in run.names if name != "portable"]


def rivals(run):
    """The best variant and the peers."""
    return [name for name in run.names if name == run.first or name in run.peers]


def vector_and_scalar(run):
    """The best variant, and the scalar one where it was measured."""
    return [name for name in run.variants if name == "scalar" or name == run.variants[0]]


def draw_bandwidths(axes, run, theme):
    """Names stand at the left, where the lines begin, but not on each other."""
    colours = THEMES[theme]
    low, peak, above = axes.get_xlim()[0], run.roofs["vector"]["gflops"], float("inf")
    for name, roof in run.roofs["read"].items():
        speed = roof["gb_per_s"]
        axes.plot([low, peak / speed], [low * speed, peak], color=colours["muted"], lw=1)
        above = min(1.15 * low * speed, above / 1.35)
        axes.annotate(f"{name} {speed:.0f} GB/s", (low, above), size=8, color=colours["muted"], va="center",
                      xytext=(4, 0), textcoords="offset points",
                      bbox={"facecolor": colours["back"], "edgecolor": "none", "pad": 0.6})


def draw_roofs(axes, run, theme):
    colours = THEMES[theme]
    low, high = axes.get_xlim()
    draw_bandwidths(axes, run, theme)
    for kind in ("vector", "scalar"):
        roof = run.roofs[kind]
        axes.axhline(roof["gflops"], color=colours["text"], lw=1.4 if kind == "vector" else 1, ls="-")
        axes.annotate(f"{roof['name']}: {roof['gflops']:.0f} GFLOP/s", (high, roof["gflops"]), size=8.5, ha="right",
                      va="bottom", xytext=(-2, 2), textcoords="offset points")
    axes.set_xlim(low, high)


def roofline(run, theme):
    figure, axes = plt.subplots(figsize=(9, 5.4))
    axes.set_xscale("log")
    axes.set_yscale("log")
    engines = vector_and_scalar(run)
    both = [layer for layer in run.layers if all(name in layer.timed for name in engines)]
    if len(engines) == 2:
        ends = zip(*([layer.speed(name) for name in engines] for layer in both))
        axes.vlines([layer.intensity for layer in both], *ends, lw=0.6, alpha=0.4, color=THEMES[theme]["muted"],
                    zorder=1)
    for name in engines:
        points = [(layer.intensity, layer.speed(name)) for layer in run.layers if name in layer.timed]
        axes.scatter(*zip(*points), s=22, color=engine_colour(run, name, theme), label=name, alpha=0.85, zorder=2,
                     edgecolors=THEMES[theme]["back"], linewidths=0.5)
    least = min(0.2, *(0.6 * layer.intensity for layer in run.layers))
    slowest = min(layer.speed(name) for layer in run.layers for name in engines if name in layer.timed)
    slowest = min(slowest, *(least * roof["gb_per_s"] for roof in run.roofs["read"].values()))
    axes.set_xlim(least, 1.6 * max(layer.intensity for layer in run.layers))
    axes.set_ylim(0.6 * slowest, 1.35 * run.roofs["vector"]["gflops"])
    draw_roofs(axes, run, theme)
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_major_formatter(plain)
    axes.yaxis.set_major_formatter(plain)
    axes.set_xlabel("operations for each byte of x, weights and y")
    axes.set_ylabel("GFLOP/s")
    axes.legend(loc="lower right", title="a point is a layer")
    finish(figure, NAMES["roofline"], run, theme)
    figure.tight_layout(rect=(0, 0.02, 1, 0.98))
    return figure


def legend_below(axes, count):
    axes.legend(loc="upper left", ncols=count if count < 7 else (count + 1) // 2, bbox_to_anchor=(0, -0.1),
                columnspacing=1.2, handlelength=1.2)


def label_bars(axes, bars, shares, theme):
    """Along the bars: beside taller ones there is no room above."""
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], size=8, rotation=90, label_type="center",
                   color=THEMES[theme]["back"])


def networks(run, theme):
    names = compared(run)
    figure, axes = plt.subplots(figsize=(9, 4.6))
    width = 0.86 / len(names)
    for i, name in enumerate(names):
        values = [run.network_gflops(net, name) for net in run.networks]
        shares = [0 if v is None else v / run.network_peak(net) for v, net in zip(values, run.networks)]
        at = [n - 0.43 + (i + 0.5) * width for n in range(len(run.networks))]
        bars = axes.bar(at, shares, width * 0.92, color=engine_colour(run, name, theme), label=name)
        if name == run.first:
            label_bars(axes, bars, shares, theme)
    axes.set_xticks(range(len(run.networks)), run.networks)
    end_at_peak(axes, run)
    axes.grid(axis="x", visible=False)
    legend_below(axes, len(names))
    finish(figure, NAMES["networks"], run, theme)
    figure.tight_layout(rect=(0, 0.02, 1, 0.98))
    return figure


def end_at_peak(axes, run):
    """Neighbours slow the peak's loop too, so that a layer may now and then be a little above it: cut there."""
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("of the FMA peak")


def draw_layers(axes, run, network, theme):
    used = run.uses(network)
    axes.bar(range(len(used)), [(layer.speed(run.first) or 0) / layer.peak for layer, _, _ in used], 0.8,
             color=engine_colour(run, run.first, theme), label=run.first, alpha=0.6)
    for name in run.peers:
        points = [(i, layer.speed(name) / layer.peak) for i, (layer, _, _) in enumerate(used) if name in layer.timed]
        if points:
            axes.scatter(*zip(*points), s=30, marker=MARKERS.get(name, "o"), label=name,
                         color=engine_colour(run, name, theme), edgecolors=THEMES[theme]["back"], linewidths=0.5,
                         zorder=3)
    axes.set_xticks(range(len(used)), [layer.shape for layer, _, _ in used], rotation=90, size=6)
    axes.set_xlim(-0.6, len(used) - 0.4)
    axes.set_title(network)
    axes.grid(axis="x", visible=False)
    end_at_peak(axes, run)


def layers(run, theme):
    count = len(run.networks)
    height = 3.2 * count + 1
    figure, panels = plt.subplots(count, 1, figsize=(12, height), squeeze=False)
    for axes, network in zip(panels[:, 0], run.networks):
        draw_layers(axes, run, network, theme)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper left", ncols=len(labels), bbox_to_anchor=(0, 1 - 0.4 / height),
                  columnspacing=1.1, handletextpad=0.4)
    finish(figure, NAMES["layers"], run, theme, 0.2 / height)
    figure.tight_layout(rect=(0, 0.25 / height, 1, 1 - 0.7 / height))
    return figure


def libraries(run):
    """The best variant and the peers, without the plain loops, beside whose bars the others' would be slivers."""
    found = [name for name in rivals(run) if name != "loops"]
    return found if len(found) > 1 else rivals(run)


def draw_time(axes, run, network):
    names = [name for name in libraries(run) if run.network_ms(network, name) is not None]
    left = [0.0] * len(names)
    for kind in data.CLASSES + ("other",):
        parts = [run.network_ms(network, name, kind) for name in names]
        if any(parts):
            axes.barh(names, parts, left=left, color=CLASS_COLOURS[kind], label=kind, height=0.75)
        left = [a + b for a, b in zip(left, parts)]
    for i, total in enumerate(left):
        text = f"{total:.0f}" if total >= 100 else f"{total:.3g}"
        axes.annotate(text, (total, i), xytext=(3, 0), textcoords="offset points", va="center", size=8)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.grid(axis="y", visible=False)
    axes.set_title(network)


def time(run, theme):
    rows = (len(run.networks) + 1) // 2
    figure, panels = plt.subplots(rows, 2, figsize=(11, 2.7 * rows + 0.6), squeeze=False)
    for axes in panels.flat[len(run.networks):]:
        axes.set_visible(False)
    for axes, network in zip(panels.flat, run.networks):
        draw_time(axes, run, network)
        axes.set_xlabel("ms")
    legend = {}
    for axes in panels.flat:
        legend.update(zip(*reversed(axes.get_legend_handles_labels())))
    height = 2.7 * rows + 0.6
    figure.legend(legend.values(), legend.keys(), loc="upper right", ncols=len(legend), columnspacing=1.1,
                  handlelength=1, bbox_to_anchor=(0.995, 1 - 0.1 / height))
    finish(figure, NAMES["time"], run, theme, 0.15 / height)
    figure.tight_layout(rect=(0, 0.25 / height, 1, 1 - 0.5 / height))
    return figure


def thread_family(found, run):
    """The runs that differ from this one by their threads alone, fewest first; of two with as many, the first."""
    same = [r for r in found if (r.layout, r.isa, r.cold) == (run.layout, run.isa, run.cold)]
    return [by for _, by in sorted({r.threads: r for r in reversed(same)}.items())]


def mean_speed(run, name, shapes):
    return data.geometric_mean(layer.speed(name) for layer in run.layers if layer.shape in shapes)


def common_shapes(family, name):
    return set.intersection(*({layer.shape for layer in run.layers if name in layer.timed} for run in family))


def threads(found, run, theme):
    family = thread_family(found, run)
    figure, axes = plt.subplots(figsize=(7, 4.6))
    for name in [n for n in rivals(run) if all(n in member.names for member in family)]:
        shapes = common_shapes(family, name)
        if shapes:
            axes.plot([member.threads for member in family], [mean_speed(member, name, shapes) for member in family],
                      marker="o", color=engine_colour(run, name, theme), label=name,
                      lw=2.4 if name == run.first else 1.4)
    axes.plot([m.threads for m in family], [m.roofs["vector"]["gflops"] for m in family], color=THEMES[theme]["text"],
              lw=1, ls="--", label="FMA peak")
    axes.set_xticks([member.threads for member in family])
    axes.set_ylim(0, family[-1].roofs["vector"]["gflops"])
    axes.set_xlabel("threads")
    axes.set_ylabel("GFLOP/s, geometric mean of the layers")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    finish(figure, NAMES["threads"], run, theme)
    figure.tight_layout(rect=(0, 0.02, 1, 0.98))
    return figure


def warm_twin(found, run):
    """The run that differs from this one by warm weights alone, or None."""
    twins = [r for r in found if (r.layout, r.isa, r.threads, r.cold) == (run.layout, run.isa, run.threads, False)]
    return twins[0] if run.cold and twins else None


def speeds_left(warm, run, name):
    """The class of each layer that the engine did in both runs, and what is left of its share of the peak."""
    before = {layer.shape: layer.speed(name) / layer.peak for layer in warm.layers if name in layer.timed}
    return [(layer.kind, layer.speed(name) / layer.peak / before[layer.shape]) for layer in run.layers
            if name in layer.timed and layer.shape in before]


def cold(found, run, theme):
    warm = warm_twin(found, run)
    left = {name: speeds_left(warm, run, name) for name in rivals(run) if name in warm.names}
    kinds = [kind for kind in data.CLASSES if any(kind == k for pairs in left.values() for k, _ in pairs)]
    figure, axes = plt.subplots(figsize=(9, 4.6))
    width = 0.86 / len(left)
    for i, (name, pairs) in enumerate(left.items()):
        means = [data.geometric_mean(share for k, share in pairs if k == kind) or 0 for kind in kinds]
        at = [n - 0.43 + (i + 0.5) * width for n in range(len(kinds))]
        bars = axes.bar(at, means, width * 0.92, color=engine_colour(run, name, theme), label=name)
        if name == run.first:
            label_bars(axes, bars, means, theme)
    axes.set_xticks(range(len(kinds)), kinds)
    axes.set_ylim(0, 1.1)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("of the speed with warm weights")
    axes.grid(axis="x", visible=False)
    legend_below(axes, len(left))
    finish(figure, NAMES["cold"], run, theme)
    figure.tight_layout(rect=(0, 0.02, 1, 0.98))
    return figure


def shortened(svg):
    """A hundredth of a point is enough for every coordinate. Verdana is as wide as the font reckoned with."""
    svg = re.sub(rb"(\d\.\d\d)\d+", rb"\1", svg).replace(b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, sans-serif")
    return svg.replace(b"<!DOCTYPE", b"<!-- SPDX-License-Identifier: Apache-2.0 -->\n<!DOCTYPE", 1)


def render(figure, format):
    out = io.BytesIO()
    figure.savefig(out, format=format, dpi=110, metadata={"Date": None} if format == "svg" else None)
    plt.close(figure)
    return shortened(out.getvalue()) if format == "svg" else out.getvalue()


def can_draw(name, found, run):
    if name == "threads":
        family = thread_family(found, run)
        return len(family) > 1 and run is family[0]
    if name == "cold":
        return warm_twin(found, run) is not None
    return run.threads == 1 and not run.cold


def draw(name, found, run, theme, format):
    with plt.rc_context(style(theme)):
        if name in ("threads", "cold"):
            return render((threads if name == "threads" else cold)(found, run, theme), format)
        drawn = {"roofline": roofline, "networks": networks, "layers": layers, "time": time}[name](run, theme)
        return render(drawn, format)


def draw_all(found, names, formats):
    for run in found:
        for name in names:
            if can_draw(name, found, run):
                for theme in THEMES:
                    for format in formats:
                        yield Picture(name, run.key, theme, format, draw(name, found, run, theme, format))
