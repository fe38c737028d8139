"""The other column of the performance table: the same network and the same work in PyTorch.

Prints the milliseconds of one training step (batch 4096, 3-128-128-128-128-2, GELU, Adam; the
batch is drawn as the lab draws it: checkerboard, normal noise, uniform times), eager and
compiled, the part of it without drawing and Adam, and the seconds of 100 Euler steps for 10 000
particles. Each figure is the best of several runs, because a shared machine only ever adds time;
with --json the medians, as `flowlab bench` prints them, and the best beside them.

    python pytorch_baseline.py [--threads 2] [--no-compile] [--runs 100] [--json]
    flowlab bench --markdown --baseline FILE.json      # the table with both columns
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn

BATCH, PARTICLES, EULER_STEPS = 4096, 10_000, 100


def make_network(width=128, hidden=4):
    layers, inputs = [], 3
    for _ in range(hidden):
        layers += [nn.Linear(inputs, width), nn.GELU()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, 2))


def checkerboard(n, grid=4, scale=2.0):
    """Uniform on the cells whose column and row differ in parity."""
    column = torch.randint(grid, (n,))
    row = 2 * torch.randint(grid // 2, (n,)) + (column + 1) % 2
    cell = 2 * scale / grid
    corner = torch.stack((column, row), dim=1) * cell - scale
    return corner + cell * torch.rand(n, 2)


def draw_batch(n=BATCH):
    x0, x1, t = torch.randn(n, 2), checkerboard(n), torch.rand(n, 1)
    return torch.cat(((1 - t) * x0 + t * x1, t), dim=1), x1 - x0


def durations(runs, work):
    """Seconds of each call; the first calls warm up and are not counted."""
    for _ in range(3):
        work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def training_step(network):
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)

    def step():
        inputs, target = draw_batch()
        loss = nn.functional.mse_loss(network(inputs), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return step


def gradients_only(network):
    inputs, target = draw_batch()
    parameters = list(network.parameters())

    def step():
        loss = nn.functional.mse_loss(network(inputs), target)
        torch.autograd.grad(loss, parameters)
        return loss.item()

    return step


def euler(network, steps=EULER_STEPS):
    start = torch.randn(PARTICLES, 2)

    @torch.no_grad()
    def run():
        x = start
        for i in range(steps):
            t = torch.full((PARTICLES, 1), i / steps)
            x = x + network(torch.cat((x, t), dim=1)) / steps
        return x

    return run


def column(kind, runs):
    """Medians and best times of one way to run the network."""
    network = make_network()
    if kind == "compiled":
        network = torch.compile(network)
    figures = {}
    for name, unit, times in [
        ("toy_train_step_ms", 1e3, durations(runs, training_step(network))),
        ("toy_gradients_ms", 1e3, durations(runs, gradients_only(network))),
        ("toy_sample_s", 1, durations(max(1, runs // 20), euler(network))),
    ]:
        figures[name] = unit * statistics.median(times)
        figures[name + "_best"] = unit * min(times)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-compile", action="store_true", help="skip torch.compile")
    parser.add_argument("--runs", type=int, default=100, help="timed training steps")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    kinds = ["eager"] if options.no_compile else ["eager", "compiled"]
    figures = {kind: column(kind, options.runs) for kind in kinds}
    if options.json:
        head = {"torch": torch.__version__, "threads": options.threads}
        print(json.dumps(head | figures))
        return
    print(f"torch {torch.__version__}, {options.threads} threads")
    for kind, found in figures.items():
        step, gradients = found["toy_train_step_ms_best"], found["toy_gradients_ms_best"]
        print(f"{kind}: training step {step:.2f} ms, loss and gradients {gradients:.2f} ms")
        sampling = found["toy_sample_s_best"]
        print(f"{kind}: {PARTICLES} particles x {EULER_STEPS} Euler steps {sampling:.3f} s")


if __name__ == "__main__":
    main()
