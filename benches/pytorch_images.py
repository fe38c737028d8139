"""The image networks and their training steps in PyTorch, to compare the lab's figures with.

Prints milliseconds per training step (forward, backward, Adam; batch 128) of the diffusion
transformer (4 blocks of width 128 on 4 x 4 x 4 latent codes) and of the autoencoder (32 x 32
pictures), and of one forward pass of the transformer, as a sampler makes it. Each figure is the
best of several runs, because a shared machine only ever adds time.

    python pytorch_images.py [--threads 2] [--runs 10] [--json]
"""

import argparse
import json
import math
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

BATCH = 128
# Steps of an epoch over 60 000 images.
STEPS = math.ceil(60_000 / BATCH)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.modulation = nn.Linear(width, 6 * width)
        self.qkv = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x, condition):
        batch, n, d = x.shape
        parts = self.modulation(condition).unsqueeze(1).chunk(6, dim=2)
        shift, scale, gate = parts[:3]
        h = F.layer_norm(x, (d,), eps=1e-6) * (1 + scale) + shift
        q, k, v = self.qkv(h).view(batch, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, n, d)
        x = x + gate * self.merge(h)
        shift, scale, gate = parts[3:]
        h = F.layer_norm(x, (d,), eps=1e-6) * (1 + scale) + shift
        return x + gate * self.mlp(h)


class Dit(nn.Module):
    def __init__(self, channels=4, side=4, width=128, depth=4, heads=4, classes=10):
        super().__init__()
        self.patches = nn.Linear(channels, width)
        self.time = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(classes + 1, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.modulation = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, channels)
        self.register_buffer("positions", torch.randn(1, side * side, width))
        self.register_buffer("rates", 1000 * 1e4 ** (-torch.arange(128) / 128))

    def forward(self, x, t, labels):
        angle = t[:, None] * self.rates
        condition = self.time(torch.cat((angle.cos(), angle.sin()), dim=1)) + self.label(labels)
        condition = F.silu(condition)
        h = self.patches(x.flatten(2).transpose(1, 2)) + self.positions
        for block in self.blocks:
            h = block(h, condition)
        shift, scale = self.modulation(condition).unsqueeze(1).chunk(2, dim=2)
        h = F.layer_norm(h, h.shape[2:], eps=1e-6) * (1 + scale) + shift
        return self.output(h).transpose(1, 2).reshape(x.shape)


class Vae(nn.Module):
    def __init__(self, widths=(32, 64, 128), latent=4):
        super().__init__()
        a, b, c = widths
        self.encoder = nn.Sequential(
            nn.Conv2d(1, a, 3, 2, 1), nn.SiLU(),
            nn.Conv2d(a, b, 3, 2, 1), nn.SiLU(),
            nn.Conv2d(b, c, 3, 2, 1), nn.SiLU(),
            nn.Conv2d(c, 2 * latent, 3, 1, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(latent, c, 3, 1, 1), nn.SiLU(),
            nn.ConvTranspose2d(c, b, 4, 2, 1), nn.SiLU(),
            nn.ConvTranspose2d(b, a, 4, 2, 1), nn.SiLU(),
            nn.ConvTranspose2d(a, 1, 4, 2, 1),
        )

    def loss(self, x, noise):
        mean, logvar = self.encoder(x).chunk(2, dim=1)
        y = self.decoder(mean + (logvar / 2).exp() * noise)
        kl = (mean.square() + logvar.exp() - logvar - 1).sum()
        return ((y - x).square().sum() + 0.1 * kl) / len(x)


def times_of(runs, work):
    """Median and shortest time in milliseconds; the first calls warm up and are not counted."""
    for _ in range(3):
        work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times), 1e3 * min(times)


def training_step(network, loss):
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="seconds of an epoch, for compare.sh")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    x, target = torch.randn(2, BATCH, 4, 4, 4)
    t, labels = torch.rand(BATCH), torch.randint(10, (BATCH,))
    dit = Dit()
    step = training_step(dit, lambda: F.mse_loss(dit(x, t, labels), target))
    dit_times = times_of(options.runs, step)
    with torch.no_grad():
        forward = times_of(options.runs, lambda: dit(x, t, labels))

    vae, pictures = Vae(), torch.rand(BATCH, 1, 32, 32)
    noise = torch.randn(BATCH, 4, 4, 4)
    step = training_step(vae, lambda: vae.loss(pictures, noise))
    vae_times = times_of(options.runs, step)
    if options.json:
        epochs = {}
        for key, times in (("latent_epoch_s", dit_times), ("vae_epoch_s", vae_times)):
            median, best = (1e-3 * STEPS * time for time in times)
            epochs |= {key: median, key + "_best": best}
        print(json.dumps(epochs))
        return
    print(f"dit step {dit_times[1]:.1f} ms")
    print(f"dit forward {forward[1]:.1f} ms")
    print(f"vae step {vae_times[1]:.1f} ms")


if __name__ == "__main__":
    main()
