# SPDX-License-Identifier: Apache-2.0
"""The page: pictures, and tables that the browser makes from the data in it."""
import base64
import html
import json
import pathlib
import string

from . import pictures
from . import runs as data

HERE = pathlib.Path(__file__).parent


def escape(text):
    return html.escape(str(text))


def picture_html(light, dark, caption):
    def image(picture):
        content = base64.b64encode(picture.content).decode()
        return (f'<img class="{picture.theme}" alt="{escape(caption)}" '
                f'src="data:image/svg+xml;base64,{content}">')
    return f"<figure><div class=\"wide\">{image(light)}{image(dark)}</div></figure>"


def pictures_html(found, run):
    drawn = [p for p in pictures.draw_all(found, list(pictures.NAMES), ["svg"]) if p.run == run.key]
    by_theme = {(p.name, p.theme): p for p in drawn}
    return "\n".join(picture_html(by_theme[name, "light"], by_theme[name, "dark"], caption)
                     for name, caption in pictures.NAMES.items() if (name, "light") in by_theme)


def facts(run):
    machine = run.machine
    roofs = run.roofs
    reads = ", ".join(f"{name} {roof['gb_per_s']:.0f} GB/s" for name, roof in roofs["read"].items())
    return {
        "Machine": f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}",
        "Compiler": f"{machine['compiler']} {machine['flags']}",
        "Commit": machine["commit"] or "unknown",
        "Date and load": f"{machine['date']}, load average {machine['load']:.2f}",
        "FMA peak": ", ".join(f"{roofs[k]['gflops']:.1f} GFLOP/s ({roofs[k]['name']})" for k in ("vector", "scalar")),
        "Reading": reads,
        "No-op": f"{run.noop['clock_ns']:.0f} ns for the clock, {run.noop['call_ns']:.1f} ns a call: subtracted",
    }


def facts_html(run):
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts(run).items())
    return f"<dl>{rows}</dl>"


def rounded(value, digits=4):
    return None if value is None else float(f"{value:.{digits}g}")


def network_rows(run):
    for network in run.networks:
        speeds = [run.network_gflops(network, name) for name in run.names]
        peers = [s for s, name in zip(speeds, run.names) if s and name in run.peers]
        share = speeds[0] / run.network_peak(network) * 100 if speeds[0] else None
        ratio = speeds[0] / max(peers) if speeds[0] and peers else None
        yield [network, rounded(share, 3), rounded(ratio, 3), *map(rounded, speeds)]


def class_rows(run):
    """Geometric means of the first engine's speed over each of the others, and over the best peer."""
    for kind in data.CLASSES + ("other",):
        of_kind = [layer for layer in run.layers if layer.kind == kind and run.first in layer.timed]
        if not of_kind:
            continue
        over = [data.geometric_mean(layer.speed(run.first) / layer.speed(name) for layer in of_kind
                                    if name in layer.timed) for name in run.names[1:]]
        best = data.geometric_mean(layer.speed(run.first) / run.best_peer(layer) for layer in of_kind
                                   if run.best_peer(layer))
        share = data.geometric_mean(layer.speed(run.first) / layer.peak for layer in of_kind) * 100
        yield [kind, len(of_kind), rounded(share, 3), rounded(best, 3), *(rounded(v, 3) for v in over)]


def cost_rows(run):
    for engine in run.engines:
        name = engine["name"]
        timed = [(layer, layer.timed[name]) for layer in run.layers if name in layer.timed]
        if not timed:
            continue
        yield [name, rounded(data.geometric_mean(t["create_ms"] / t["ms"]["p15"] for _, t in timed), 3),
               rounded(data.geometric_mean(max(t["weights_bytes"], 1) / layer.weights_bytes for layer, t in timed), 3),
               max(t["scratch_bytes"] for _, t in timed) // 1024,
               max(t["own_tensor_bytes"] for _, t in timed) // 1024,
               engine["library_bytes"] // 1024 if "library_bytes" in engine else None, engine.get("library", "")]


def summary_tables(run):
    columns = run.names
    return [
        {"title": "Networks, GFLOP/s over all layers, each as often as the network runs it",
         "head": ["network", "% of peak", "ratio to best peer", *columns], "rows": list(network_rows(run))},
        {"title": f"Classes of layers: {run.first} over each of the others, geometric means",
         "head": ["class", "layers", "% of peak", "best peer", *columns[1:]], "rows": list(class_rows(run))},
        {"title": "Beside the runs: time to the first result in runs, packed weights over plain ones (geometric "
                  "means), the most scratch memory and tensors of its own of any layer, the library's shared object",
         "head": ["engine", "first result", "weights", "scratch KiB", "tensors KiB", "library KiB", "library"],
         "rows": list(cost_rows(run))},
    ]


METRICS = {
    "GFLOP/s": lambda layer, t: t["gflops"],
    "% of peak": lambda layer, t: t["peak_share"] * 100,
    "ms, low quantile": lambda layer, t: t["ms"]["p15"],
    "ms, median": lambda layer, t: t["ms"]["p50"],
    "conversions, ms": lambda layer, t: t["convert_ms"]["p15"] if "convert_ms" in t else None,
    "ms to the first result": lambda layer, t: t["create_ms"],
    "packed weights, KiB": lambda layer, t: t["weights_bytes"] / 1024,
    "scratch, KiB": lambda layer, t: t["scratch_bytes"] / 1024,
    "own tensors, KiB": lambda layer, t: t["own_tensor_bytes"] / 1024,
}


def layer_row(run, layer):
    where = ", ".join(f"{use['network']}/{use['layer']}" + (f" x{use['count']}" if use["count"] > 1 else "")
                      for use in layer.uses)
    best = run.best_peer(layer)
    ratio = layer.speed(run.first) / best if best and run.first in layer.timed else None
    values = {metric: [rounded(value(layer, layer.timed[name])) if name in layer.timed else None for name in run.names]
              for metric, value in METRICS.items()}
    return {"layer": where, "shape": layer.shape, "class": layer.kind, "mmac": rounded(layer.flops / 2e6),
            "ratio": rounded(ratio, 3), "values": values}


def run_data(run):
    return {"title": run.title, "summary": summary_tables(run), "engines": run.names, "metrics": list(METRICS),
            "layers": [layer_row(run, layer) for layer in run.layers]}


def run_html(found, index):
    run = found[index]
    return (f'<section><h2>{escape(run.title)}</h2>{facts_html(run)}{pictures_html(found, run)}'
            f'<div class="tables" data-run="{index}"></div></section>')


def embedded(found):
    """JSON that cannot end the script element that it stands in."""
    return json.dumps([run_data(run) for run in found], separators=(",", ":")).replace("<", "\\u003c")


def build(found):
    template = string.Template((HERE / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        script=(HERE / "page.js").read_text(encoding="utf-8"),
        first=escape(found[0].first), cpu=escape(found[0].machine["cpu"]),
        runs="\n".join(run_html(found, i) for i in range(len(found))), data=embedded(found))
