"""What train.py and sample.py share: options, the clock, and two ways of being run.

By itself a script warms up, measures and prints one line of JSON. With --serve it prints such a line when it is ready, and then one for
each line of standard input, which says how many units (steps, or whole samplings) to run: so that two programs can take turns.
"""

import argparse
import contextlib
import json
import resource
import statistics
import sys
import time

import torch

from model import PRESETS, Model, Sizes


def options(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--preset", choices=PRESETS, default="170M")
    parser.add_argument("--vocab", type=int, default=32000)
    parser.add_argument("--sequences", type=int, default=8, help="in one batch")
    parser.add_argument("--length", type=int, default=2048, help="tokens of a sequence")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--precision", choices=["bf16", "f32"], help="of products; bf16 unless on the CPU")
    parser.add_argument("--threads", type=int, help="of the CPU")
    parser.add_argument("--compile", metavar="MODE", help="torch.compile: default, reduce-overhead (CUDA graphs), max-autotune, …")
    parser.add_argument("--warmup", type=int, default=10, help="units before the measured ones")
    parser.add_argument("--repeats", type=int, default=20, help="units to measure")
    parser.add_argument("--serve", action="store_true", help="take the number of units from standard input, line by line")
    return parser


def prepared(args):
    """The model on its device, and the facts that go into every line."""
    if args.compile and not hasattr(torch, "compile"):
        sys.exit(f"PyTorch {torch.__version__} has no torch.compile")
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit(f"PyTorch {torch.__version__} finds no CUDA device: it is built for {f'CUDA {torch.version.cuda}' if torch.version.cuda else 'the CPU alone'}")
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    if args.threads:
        torch.set_num_threads(args.threads)
    args.precision = args.precision or ("f32" if args.device == "cpu" else "bf16")
    model = Model(Sizes.of(args.preset, args.vocab, args.length)).to(args.device)
    cuda = args.device.startswith("cuda")
    built = {"driver": f"CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"} if cuda else {}
    facts = {
        "program": f"PyTorch {torch.__version__}" + (f", torch.compile {args.compile}" if args.compile else ""),
        "device": torch.cuda.get_device_name() if cuda else f"CPU, {torch.get_num_threads()} threads",
        **built,
        "kind": "gpu" if cuda else "cpu",
        "precision": args.precision,
        "parameters": model.parameter_count(),
    }
    return model, facts


def compiled(function, args):
    return torch.compile(function, mode=args.compile) if args.compile else function


def autocast(args):
    if args.precision == "f32":
        return contextlib.nullcontext()
    return torch.autocast("cuda" if args.device.startswith("cuda") else "cpu", torch.bfloat16)


class Clock:
    """Times between marks: of the device itself where it is CUDA, so that the host may run ahead of it as it would in earnest."""

    def __init__(self, device):
        self.cuda = device.startswith("cuda")
        self.marks = []

    def mark(self):
        if self.cuda:
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            self.marks.append(event)
        else:
            self.marks.append(time.perf_counter())

    def milliseconds(self):
        if self.cuda:
            torch.cuda.synchronize()
            return [a.elapsed_time(b) for a, b in zip(self.marks, self.marks[1:])]
        return [(b - a) * 1000 for a, b in zip(self.marks, self.marks[1:])]


def round_of(unit, count, args):
    """Runs units one behind the other and waits for all of them at the end. `total` is what the host's clock says of them all."""
    if args.device.startswith("cuda"):
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    clock, busy, began = Clock(args.device), time.process_time(), time.perf_counter()
    clock.mark()
    told = []
    for _ in range(count):
        told.append(unit())
        clock.mark()
    milliseconds = clock.milliseconds()
    total = (time.perf_counter() - began) * 1000
    means = {name: sum(float(one[name]) for one in told) / count for name in told[0]}
    cuda = args.device.startswith("cuda")
    memory = torch.cuda.max_memory_allocated() if cuda else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    busy = (time.process_time() - busy) * 1000
    return {"units": count, "milliseconds": milliseconds, "total": total, "busy": busy, "memory": memory, **means}


def run(unit, facts, args, release=False):
    """`unit` does one step or one sampling without waiting for the device, and returns tensors to be told of: the mean over a round.

    `release` gives memory back behind each round, for the other program. Getting it again is slow, so units should follow that do not count.
    """
    say = lambda line: print(json.dumps(line), flush=True)
    if args.serve:
        say(facts)
        for line in sys.stdin:
            say(round_of(unit, int(line), args))
            if release and args.device.startswith("cuda"):
                torch.cuda.empty_cache()
        return
    if args.warmup > 0:
        round_of(unit, args.warmup, args)
    measured = round_of(unit, args.repeats, args)
    per_unit = measured.pop("milliseconds")
    best, median = min(per_unit), statistics.median(per_unit)
    say({**facts, "best_ms": best, "median_ms": median, "tokens_per_second": facts["tokens"] / median * 1000, **measured})
