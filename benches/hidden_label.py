"""How well a digit's label can be told at all when its centre is hidden.

A network that completes digits by drawing from the exact posterior gives the true label with the
posterior's own probability of it, so that the share of its answers that keep their label is
E[p(label | what is seen)], however long it trains. This script estimates p by a convolutional
classifier of the masked images (rows and columns 7 to 20 of 28 hidden, as the lab's `eval` does),
in PyTorch, calibrated on images it has not seen, and prints

  best      share of test digits whose most probable label is the true one: what somebody who
            always answers with the likeliest digit would reach
  posterior mean probability of the true label: what exact sampling reaches

    python hidden_label.py DIR [--epochs 8] [--threads 2]      DIR has the four MNIST files (.gz)
"""

import argparse
import gzip
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def read(folder, name, skip, shape):
    data = gzip.open(pathlib.Path(folder) / name).read()
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=skip).reshape(shape).copy())


def images(folder, kind):
    pixels = read(folder, f"{kind}-images-idx3-ubyte.gz", 16, (-1, 1, 28, 28))
    labels = read(folder, f"{kind}-labels-idx1-ubyte.gz", 8, (-1,)).long()
    pixels = pixels.float() / 127.5 - 1
    # Hidden pixels are mid-grey, as the flow is given them.
    pixels[:, :, 7:21, 7:21] = 0
    return pixels, labels


def network():
    def layer(a, b):
        return [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU()]

    return nn.Sequential(
        *layer(1, 32), *layer(32, 32), nn.MaxPool2d(2), nn.Dropout(0.1),
        *layer(32, 64), *layer(64, 64), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.3),
        nn.Linear(64 * 49, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10),
    )


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("folder")
    flags.add_argument("--epochs", type=int, default=8)
    flags.add_argument("--threads", type=int, default=2)
    flags = flags.parse_args()
    torch.set_num_threads(flags.threads)
    torch.manual_seed(0)
    (seen, labels), test = images(flags.folder, "train"), images(flags.folder, "t10k")
    held = seen[55_000:], labels[55_000:]
    seen, labels = seen[:55_000], labels[:55_000]
    net = network()
    steps = len(seen) // 128 * flags.epochs
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)

    def logits(x):
        net.eval()
        with torch.no_grad():
            return torch.cat([net(part) for part in x.split(1000)])

    for epoch in range(flags.epochs):
        net.train()
        for batch in torch.randperm(len(seen))[: len(seen) // 128 * 128].split(128):
            loss = F.cross_entropy(net(seen[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        out, truth = logits(held[0]), held[1]
        # The temperature that explains the held-out labels best.
        heats = torch.linspace(0.5, 3, 51)
        heat = min(heats, key=lambda t: F.cross_entropy(out / t, truth).item())
        p = (logits(test[0]) / heat).softmax(1)
        best = (p.argmax(1) == test[1]).float()
        right = p[torch.arange(len(p)), test[1]]
        print(
            f"epoch {epoch + 1}: best {best.mean():.4f}, posterior {right.mean():.4f}"
            f" (first 1000: {best[:1000].mean():.4f}, {right[:1000].mean():.4f}),"
            f" temperature {heat:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
