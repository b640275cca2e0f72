// Functions of other frameworks that a body may call out of habit → how that is said here, or why it is not.
import { each } from '../../grammar/suggest.ts'

/** What to write. */
const HERE: Readonly<Record<string, string>> = {
  ...each(['matmul', 'mm', 'bmm', 'dot', 'einsum', 'tensordot'], '`sum[width](x * W)`, a product and the dimension it is summed over'),
  ...each(['linear', 'Linear', 'dense', 'Dense'], '`weight W: [width, hidden]`, and `sum[width](x * W)`'),
  ...each(['embedding', 'Embedding'], '`weight E: [symbols, width]`, and `E[symbols: tokens]`'),
  ...each(['layernorm', 'layer_norm', 'LayerNorm', 'RMSNorm', 'rms_norm', 'norm'], '`rmsnorm[width](x)`'),
  ...each(['relu', 'ReLU'], '`max(x, 0)`'),
  ...each(['gelu', 'GELU', 'swish', 'SiLU'], '`silu(x)`, or an op of your own'),
  ...each(['sigmoid'], '`1 / (1 + exp(-x))`'),
  ...each(['pow', 'power'], '`a ^ b`'),
  ...each(['ln'], '`log(x)`'),
  ...each(['fabs'], '`abs(x)`'),
  ...each(['clamp', 'clip'], '`max(low, min(x, high))`'),
  ...each(['where', 'select', 'masked_fill'], '`if … then … else …`'),
  ...each(['arange'], '`pos[time]`, the position along a dimension'),
  ...each(['tril', 'triu'], "`if pos[time'] > pos[time] then -inf else score`"),
  ...each(['zeros', 'ones', 'full', 'tensor'], 'a number, which spreads over the dimensions it meets'),
  ...each(['len', 'size', 'shape'], 'the name of a dimension, which is its size'),
  ...each(['range'], '`repeat 3 { … }` for turns, `pos[time]` for positions'),
  ...each(['MultiheadAttention'], '`attention(x)`'),
}

/** What there is no need, or no way, to write. */
const WHY: Readonly<Record<string, string>> = {
  ...each(
    ['T', 'transpose', 'permute', 'swapaxes', 'view', 'reshape', 'flatten', 'squeeze', 'unsqueeze', 'rearrange', 'expand'],
    'nothing is transposed or reshaped: dimensions meet by name',
  ),
  ...each(
    ['cat', 'concat', 'concatenate', 'stack', 'split', 'chunk'],
    'nothing is joined or cut: keep tensors apart, or give one a dimension more',
  ),
  ...each(['dropout', 'Dropout', 'rand', 'randn', 'random'], 'a model has no random numbers'),
  ...each(['attention'], 'it makes queries, keys and values itself'),
}

/** Of `torch.nn.functional.relu` and `relu` alike; of `self.proj`. Undefined where nothing is known of the name. */
export function elsewhere(name: string): string | undefined {
  const parts = name.split('.')
  const last = parts.at(-1)!
  if (Object.hasOwn(HERE, last)) return `write ${HERE[last]}`
  if (Object.hasOwn(WHY, last)) return WHY[last]
  return parts[0] === 'self' ? `write \`${last}\` alone: a body knows its weights, and all blocks, by their names` : undefined
}
