"""The network of "Scaling up Masked Diffusion Models on Text" (Nie et al., 2025) in plain PyTorch, as fast as it is written there.

Pre-norm Llama that sees both ways: RMSNorm, rotary positions, attention, SwiGLU, no biases, an embedding with a row for the mask and a
head without one. Weights and the residual stream are f32, products run in the type of autocast, attention is PyTorch's own kernel.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

# layers, heads, width, hidden. `tiny` is for tests on the CPU.
PRESETS = {
    "tiny": (1, 2, 32, 128),
    "6M": (6, 4, 256, 1024),
    "19M": (8, 6, 384, 1536),
    "170M": (18, 12, 768, 3072),
    "1028M": (20, 14, 1792, 7168),
}


@dataclass(frozen=True)
class Sizes:
    layers: int
    heads: int
    width: int
    hidden: int
    vocab: int
    context: int

    @staticmethod
    def of(preset, vocab, context):
        return Sizes(*PRESETS[preset], vocab=vocab, context=context)


def norm(x, gain):
    """RMSNorm over the last dimension, epsilon inside the root; PyTorch's kernel where it has one (2.4 and later)."""
    if hasattr(F, "rms_norm"):
        return F.rms_norm(x, (x.shape[-1],), gain, 1e-5)
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * gain


def rope(x, cos, sin):
    """Turns the halves of each head [.., time, head] against each other; computed in f32, given back in the type of x."""
    first, second = x.float().chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1).to(x.dtype)


def attention(q, k, v):
    """[batch, heads, time, head] each; PyTorch chooses the kernel (flash, cuDNN) where it has any (2.0 and later)."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v)
    return torch.softmax((q / math.sqrt(q.shape[-1])) @ k.transpose(-1, -2), dim=-1) @ v


class Layer(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        width, hidden = sizes.width, sizes.hidden
        self.heads = sizes.heads
        self.norm_1 = nn.Parameter(torch.ones(width))
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width, bias=False)
        self.norm_2 = nn.Parameter(torch.ones(width))
        self.gate_up = nn.Linear(width, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x, cos, sin):
        batch, time, width = x.shape
        q, k, v = self.qkv(norm(x, self.norm_1)).view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = attention(rope(q, cos, sin), rope(k, cos, sin), v)
        x = x + self.proj(y.transpose(1, 2).reshape(batch, time, width))
        gate, up = self.gate_up(norm(x, self.norm_2)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Model(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.embedding = nn.Embedding(sizes.vocab + 1, sizes.width)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))
        self.norm = nn.Parameter(torch.ones(sizes.width))
        self.unembedding = nn.Linear(sizes.width, sizes.vocab, bias=False)
        half = sizes.width // sizes.heads // 2
        angle = torch.outer(torch.arange(sizes.context).float(), 10000.0 ** (-torch.arange(half).float() / half))
        # Rounded to bfloat16, as the published models were trained.
        self.register_buffer("cos", torch.cos(angle).bfloat16().float(), persistent=False)
        self.register_buffer("sin", torch.sin(angle).bfloat16().float(), persistent=False)
        self.initialise(sizes)

    def initialise(self, sizes):
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                last = name.endswith(("proj.weight", "down.weight"))
                nn.init.normal_(weight, std=1 / math.sqrt(sizes.width) / sizes.layers if last else math.sqrt(2 / (5 * sizes.width)))

    def hidden(self, tokens):
        """tokens [batch, time] → the residual stream [batch, time, width] behind the last layer."""
        x = self.embedding(tokens)
        cos, sin = self.cos[: tokens.shape[1]], self.sin[: tokens.shape[1]]
        for layer in self.layers:
            x = layer(x, cos, sin)
        return x

    def head(self, x):
        """Any rows of the residual stream [.., width] → logits [.., vocab]."""
        return self.unembedding(norm(x, self.norm))

    def parameter_count(self):
        return sum(p.numel() for p in self.parameters())
