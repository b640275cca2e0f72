"""A training step in PyTorch, to compare ours with: forward, backward, clipping by the global norm, fused AdamW.

    python3 train.py --preset 170M --sequences 8 [--compile default] [--full-logits]

Noise as in the paper's code (smdm.pretrain): tokens masked with probability p, cross-entropy at masked positions weighted by 1 / p. Logits
are computed at masked positions alone, which is less work than the published code does; --full-logits computes all and then chooses.
"""

import torch
import torch.nn.functional as F

from rounds import autocast, compiled, options, prepared, run

# Batches are made beforehand and taken in turn: making them is not measured.
BATCHES = 8
RATE, WARMUP = 4e-4, 100


def noisy_batch(args):
    """tokens [batch, time] with masks; the masked positions as rows, their clean tokens and their weights in the loss."""
    shape = (args.sequences, args.length)
    clean = torch.randint(args.vocab, shape, device=args.device)
    spread = torch.arange(args.sequences, device=args.device) / args.sequences
    p = (1 - 1e-3) * ((torch.rand((), device=args.device) + spread) % 1) + 1e-3
    masked = torch.rand(shape, device=args.device) < p[:, None]
    row = masked.flatten().nonzero().squeeze(1)
    weight = (1 / p)[row // args.length] / clean.numel()
    return torch.where(masked, args.vocab, clean), row, clean.flatten()[row], weight


def main():
    parser = options(__doc__)
    parser.add_argument("--full-logits", action="store_true", help="logits at all positions, as the published code has them")
    args = parser.parse_args()
    model, facts = prepared(args)
    fused = {"fused": True} if args.device.startswith("cuda") else {"foreach": True}
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.95), weight_decay=0.1, **fused)
    batches = [noisy_batch(args) for _ in range(BATCHES)]

    def loss(tokens, row, target, weight):
        x = model.hidden(tokens)
        logits = model.head(x).flatten(0, 1)[row] if args.full_logits else model.head(x.flatten(0, 1)[row])
        return (F.cross_entropy(logits.float(), target, reduction="none") * weight).sum()

    loss = compiled(loss, args)
    done = 0

    def step():
        nonlocal done
        with autocast(args):
            value = loss(*batches[done % BATCHES])
        done += 1
        optimizer.param_groups[0]["lr"] = RATE * min(1, done / WARMUP)
        value.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return {"loss": value.detach(), "norm": norm}

    run(step, {**facts, "tokens": args.sequences * args.length}, args, release=True)


if __name__ == "__main__":
    main()
