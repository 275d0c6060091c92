"""The same work in PyTorch: training steps of a three-layer LSTM language model with a tied softmax.

    python benches/peers/lm_pytorch.py --preset mini --device cpu
    python benches/peers/lm_pytorch.py --preset paper --device cuda --tf32

One step is forward, cross-entropy over every position, backward, gradient clipping and Adam, with the state carried
from step to step. There is no dropout: it is the matrix work that is compared. Every step is timed on its own, and
the median is reported as JSON on stdout.
"""

import argparse
import json
import platform
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

PRESETS = {
    "mini": {"emb": 128, "hidden": 256, "vocab": 8_000, "batch": 32, "bptt": 70},
    "small": {"emb": 192, "hidden": 512, "vocab": 24_000, "batch": 128, "bptt": 70},
    "paper": {"emb": 400, "hidden": 1_152, "vocab": 30_000, "batch": 16, "bptt": 70},
}


class LanguageModel(nn.Module):
    """Tokens [T,B] and a state -> logits [T,B,V] and the next state; the decoder shares the embedding's weight."""

    def __init__(self, vocab, emb, hidden, layers=3):
        super().__init__()
        sizes = [emb] + [hidden] * (layers - 1) + [emb]
        self.embedding = nn.Embedding(vocab, emb)
        self.layers = nn.ModuleList(nn.LSTM(i, o) for i, o in zip(sizes, sizes[1:]))
        self.bias = nn.Parameter(torch.zeros(vocab))
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)

    def forward(self, tokens, states):
        x, after = self.embedding(tokens), []
        for layer, state in zip(self.layers, states):
            x, state = layer(x, state)
            after.append(tuple(s.detach() for s in state))
        return F.linear(x, self.embedding.weight, self.bias), after


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="mini")
    for name in PRESETS["mini"]:
        parser.add_argument(f"--{name}", type=int, help="overrides the preset")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--tf32", action="store_true", help="allow TF32 matrix products and cuDNN kernels")
    parser.add_argument("--threads", type=int, help="CPU threads (default: PyTorch's choice)")
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--clip", type=float, default=0.25)
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for name, value in PRESETS[args.preset].items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    if args.steps < 1:
        parser.error("--steps must be at least 1")
    if args.device == "cuda" and not torch.cuda.is_available():
        parser.error("no CUDA device: use --device cpu")
    return args


def measure(args):
    """The seconds of each timed step, the loss after the last one and the number of parameters."""
    model = LanguageModel(args.vocab, args.emb, args.hidden).to(args.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=args.lr, betas=(0.7, 0.99))
    states = [(torch.zeros(1, args.batch, layer.hidden_size, device=args.device),) * 2 for layer in model.layers]
    stream = torch.randint(args.vocab, (args.bptt + 1, args.batch), device=args.device)
    tokens, targets = stream[:-1], stream[1:].reshape(-1)
    synchronise = torch.cuda.synchronize if args.device == "cuda" else lambda: None

    seconds = []
    for _ in range(args.warmup + args.steps):
        synchronise()
        start = time.perf_counter()
        logits, states = model(tokens, states)
        loss = F.cross_entropy(logits.view(-1, args.vocab), targets)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        optimiser.step()
        synchronise()
        seconds.append(time.perf_counter() - start)
    return seconds[args.warmup :], loss.item(), sum(p.numel() for p in model.parameters())


def main():
    args = arguments()
    torch.manual_seed(args.seed)
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.backends.cuda.matmul.allow_tf32 = args.tf32
    torch.backends.cudnn.allow_tf32 = args.tf32
    seconds, loss, parameters = measure(args)
    median, tokens = statistics.median(seconds), args.batch * args.bptt
    cuda = args.device == "cuda"
    report = {name: getattr(args, name) for name in ("preset", *PRESETS["mini"], "device", "tf32", "steps")}
    report |= {
        "tokens_per_second": round(tokens / median, 1),
        "step_ms": {"median": median * 1e3, "min": min(seconds) * 1e3, "max": max(seconds) * 1e3},
        "loss": loss,
        "parameters": parameters,
        "peak_memory_mib": torch.cuda.max_memory_allocated() / 2**20 if cuda else None,
        "device_name": torch.cuda.get_device_name() if cuda else platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
