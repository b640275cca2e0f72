"""The yardstick for bench/cpu: one training step of the same model in PyTorch, eager f32 on the CPU.

Same network (pre-norm, rotary positions, SwiGLU, RMSNorm, no biases), same sizes, same step (cross-entropy at masked rows only,
clipping by the global norm, AdamW). Reads sizes as JSON from argv, prints one line of JSON with the time of each step.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F

sizes = json.loads(sys.argv[1])
layers, width, heads, hidden = (sizes[k] for k in ("layers", "width", "heads", "hidden"))
batch, length, vocab, rows, steps, threads = (sizes[k] for k in ("batch", "time", "vocab", "rows", "steps", "threads"))
head = width // heads
torch.set_num_threads(threads)
torch.manual_seed(0)


def weight(*shape, scale=0.02):
    return (torch.randn(*shape) * scale).requires_grad_()


def layer():
    return {
        "attention gain": torch.ones(width, requires_grad=True),
        "qkv": weight(3 * width, width),
        "out": weight(width, width),
        "perceptron gain": torch.ones(width, requires_grad=True),
        "gate": weight(hidden, width),
        "in": weight(hidden, width),
        "down": weight(width, hidden),
    }


embedding = weight(vocab + 1, width)
stack = [layer() for _ in range(layers)]
final_gain = torch.ones(width, requires_grad=True)
unembedding = weight(vocab, width)
parameters = [embedding, final_gain, unembedding] + [w for one in stack for w in one.values()]

angle = torch.outer(torch.arange(length).float(), 10000.0 ** (-torch.arange(head // 2).float() / (head // 2)))
cos, sin = (f(angle).to(torch.bfloat16).float() for f in (torch.cos, torch.sin))


def rope(x):
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def norm(x, gain):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * gain


def attend(x, w):
    q, k, v = F.linear(x, w["qkv"]).view(batch, length, 3, heads, head).permute(2, 0, 3, 1, 4)
    q, k = rope(q), rope(k)
    if hasattr(F, "scaled_dot_product_attention"):
        y = F.scaled_dot_product_attention(q, k, v)
    else:
        y = torch.softmax((q / math.sqrt(head)) @ k.transpose(-1, -2), dim=-1) @ v
    return F.linear(y.transpose(1, 2).reshape(batch, length, width), w["out"])


def loss(tokens, row, target, share):
    x = F.embedding(tokens, embedding)
    for w in stack:
        x = x + attend(norm(x, w["attention gain"]), w)
        h = norm(x, w["perceptron gain"])
        x = x + F.linear(F.silu(F.linear(h, w["gate"])) * F.linear(h, w["in"]), w["down"])
    chosen = x.reshape(-1, width)[row]
    logits = F.linear(norm(chosen, final_gain), unembedding)
    return (F.cross_entropy(logits, target, reduction="none") * share).sum()


optimizer = torch.optim.AdamW(parameters, lr=2e-4, betas=(0.9, 0.95), weight_decay=0.1, foreach=True)
tokens = torch.randint(0, vocab + 1, (batch, length))
row = torch.arange(0, batch * length, batch * length // rows)[:rows]
target = torch.randint(0, vocab, (rows,))
share = torch.full((rows,), 1.0 / rows)

times = []
busy = []
for _ in range(steps):
    start = time.perf_counter()
    began = time.process_time()
    value = loss(tokens, row, target, share)
    value.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    value.item()
    times.append((time.perf_counter() - start) * 1000)
    busy.append((time.process_time() - began) * 1000)
print(json.dumps({"torch": torch.__version__, "milliseconds": times, "busy": busy, "parameters": sum(p.numel() for p in parameters)}))
