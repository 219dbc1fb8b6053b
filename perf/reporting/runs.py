# SPDX-License-Identifier: Apache-2.0
"""The results of one corr2d_perf --json, and what follows from them."""
import json
import math

FORMAT = "corr2d_perf 2"
CLASSES = ("first", "kxk", "3x3", "1x1", "strided", "depthwise", "grouped", "fc")


class BadFile(Exception):
    pass


class Layer:
    """One layer with what each engine that was timed on it did."""

    def __init__(self, record):
        self.shape = record["shape"]
        self.flops = 2 * record["macs"]
        self.uses = record["uses"]
        self.kind = next((kind for kind in CLASSES if kind in record["classes"]), "other")
        self.bytes = record["x_bytes"] + record["weights_bytes"] + record["y_bytes"]
        self.weights_bytes = record["weights_bytes"]
        self.peak = record["peak_gflops"]
        self.timed = {e["name"]: e for e in record["engines"] if e["outcome"] == "timed"}

    @property
    def intensity(self):
        """Operations for each byte, were every tensor to cross the memory's bus once."""
        return self.flops / self.bytes

    def speed(self, engine):
        return self.timed[engine]["gflops"] if engine in self.timed else None

    def milliseconds(self, engine):
        return self.timed[engine]["ms"]["p15"] if engine in self.timed else None


class Run:
    def __init__(self, record):
        self.machine = record["machine"]
        self.layout = record["layout"]
        self.isa = record["isa"]
        self.threads = record["threads"]
        self.cold = record["cold"]
        self.noop = record["noop"]
        self.roofs = record["roofs"]
        self.engines = record["engines"]
        self.layers = [Layer(layer) for layer in record["layers"]]
        self.variants = [e["name"] for e in self.engines if not e["peer"]]
        self.peers = [e["name"] for e in self.engines if e["peer"]]
        self.networks = list(dict.fromkeys(use["network"] for layer in self.layers for use in layer.uses))

    @property
    def names(self):
        return self.variants + self.peers

    @property
    def first(self):
        """The engine that the others are compared with."""
        return self.names[0]

    @property
    def title(self):
        words = [self.layout.upper(), "1 thread" if self.threads == 1 else f"{self.threads} threads"]
        words += ["cold weights"] if self.cold else []
        words += ["AVX2 at most"] if self.isa == "avx2" else []
        return ", ".join(words)

    @property
    def key(self):
        """A name for files."""
        words = [self.layout] + ([f"t{self.threads}"] if self.threads > 1 else [])
        return "-".join(words + (["cold"] if self.cold else []) + ([self.isa] if self.isa != "native" else []))

    def uses(self, network):
        """The network's layers, in its order, each with its name there and how often the network runs it."""
        used = [(use["at"], layer, use) for layer in self.layers for use in layer.uses if use["network"] == network]
        return [(layer, use["layer"], use["count"]) for _, layer, use in sorted(used, key=lambda item: item[0])]

    def network_ms(self, network, engine, kind=None):
        """None unless the engine was timed on every layer."""
        used = self.uses(network)
        if any(engine not in layer.timed for layer, _, _ in used):
            return None
        return sum(count * layer.milliseconds(engine) for layer, _, count in used if kind in (None, layer.kind))

    def network_gflops(self, network, engine):
        ms = self.network_ms(network, engine)
        return None if ms is None else sum(c * layer.flops for layer, _, c in self.uses(network)) / ms * 1e-6

    def network_peak(self, network):
        """GFLOP/s of the peak measured beside the layers, weighted as the network's time at that peak is."""
        used = self.uses(network)
        return sum(c * layer.flops for layer, _, c in used) / sum(c * layer.flops / layer.peak for layer, _, c in used)

    def best_peer(self, layer):
        speeds = [layer.speed(name) for name in self.peers if name in layer.timed]
        return max(speeds, default=None)


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def read(path):
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadFile(f"{path}: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise BadFile(f"{path}: not a result of corr2d_perf --json, or of another version of it")
    if not record["layers"]:
        raise BadFile(f"{path}: no layer was measured")
    return Run(record)
