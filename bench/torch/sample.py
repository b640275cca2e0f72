"""A batch of samples in PyTorch, to compare ours with: the confidence sampler, by which every step reveals the surest tokens.

    python3 sample.py --preset 170M --sequences 8 --length 256 --steps 64 [--guidance 0.6] [--compile reduce-overhead] [--published]

How many tokens a step reveals is the table of the paper's code, for each sample by itself. Weights are bf16, the model runs on all
positions, the head on masked ones alone, and steps that reveal nothing are left out. --published does it as the paper's code does: f32
weights under autocast, logits everywhere, softmax in f64, the surest of the whole batch, and a forward for every step.
"""

import torch

from rounds import autocast, compiled, options, prepared, run


def reveals(masks, steps):
    """(masks before, tokens to reveal) of each step, in f32 as the paper's code rounds."""
    t = torch.linspace(1, 1e-5, steps + 1)
    table = []
    for i in range(steps):
        count = int(masks * (1 - t[i + 1] / t[i])) if i < steps - 1 else masks
        table.append((masks, count))
        masks -= count
    return table


class Sampler:
    def __init__(self, model, args):
        self.model, self.args, self.mask = model, args, args.vocab
        self.hidden = compiled(model.hidden, args)

    def logits(self, tokens, pick):
        """Logits of the positions that `pick` takes out of [batch, time, ..]; with guidance, away from those without the prompt."""
        w = self.args.guidance
        if w == 0:
            return self.head(self.hidden(tokens), pick)
        clear = tokens.clone()
        clear[:, : self.args.prompt] = self.mask
        both = self.hidden(torch.cat((tokens, clear)))
        seen, away = (self.head(x, pick) for x in both.chunk(2))
        return away + (w + 1) * (seen - away)

    def head(self, x, pick):
        return pick(self.model.head(x)) if self.args.published else self.model.head(pick(x)).float()

    def choose(self, logits):
        """The likeliest token, with Gumbel noise where there is a temperature."""
        if self.args.temperature == 0:
            return logits.argmax(-1)
        return (logits - self.args.temperature * torch.log(-torch.log(torch.rand_like(logits)))).argmax(-1)

    def step(self, tokens, masks, count):
        """Reveals the `count` surest of the `masks` masked tokens of each sample."""
        at = (tokens == self.mask).byte().argsort(dim=1, descending=True)[:, :masks]
        logits = self.logits(tokens, lambda x: x.gather(1, at[..., None].expand(-1, -1, x.shape[-1])))
        choice = self.choose(logits)
        sure = logits.gather(-1, choice[..., None]).squeeze(-1) - logits.logsumexp(-1)
        best = sure.topk(count, dim=1).indices
        tokens.scatter_(1, at.gather(1, best), choice.gather(1, best))

    def published_step(self, tokens, count):
        where = tokens == self.mask
        logits = self.logits(tokens, lambda x: x[where]).double()
        choice = self.choose(logits)
        sure = logits.softmax(-1).gather(-1, choice[:, None]).squeeze(-1)
        if count > 0:
            best = sure.topk(count).indices
            found = torch.full_like(choice, self.mask)
            found[best] = choice[best]
            tokens[where] = found

    def batch(self):
        args = self.args
        tokens = torch.full((args.sequences, args.length), self.mask, device=args.device)
        tokens[:, : args.prompt] = torch.arange(args.prompt, device=args.device)
        if args.published:
            for _, count in reveals(args.sequences * (args.length - args.prompt), args.steps):
                self.published_step(tokens, count)
        else:
            for masks, count in reveals(args.length - args.prompt, args.steps):
                if count > 0:
                    self.step(tokens, masks, count)
        return {"masks": (tokens == self.mask).sum()}


def main():
    parser = options(__doc__)
    parser.set_defaults(length=256, warmup=2, repeats=3)
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--prompt", type=int, default=16, help="tokens given at the front")
    parser.add_argument("--guidance", type=float, default=0)
    parser.add_argument("--temperature", type=float, default=0)
    parser.add_argument("--published", action="store_true", help="as the paper's code does it")
    args = parser.parse_args()
    model, facts = prepared(args)
    model.eval()
    if args.precision == "bf16" and not args.published:
        model.bfloat16()
        model.cos, model.sin = model.cos.float(), model.sin.float()
    sampler = Sampler(model, args)
    rounds = len([1 for _, count in reveals(args.length - args.prompt, args.steps) if count > 0])

    @torch.no_grad()
    def sampling():
        with autocast(args):
            return sampler.batch()

    run(sampling, {**facts, "tokens": args.sequences * (args.length - args.prompt), "rounds": args.steps if args.published else rounds}, args)


if __name__ == "__main__":
    main()
