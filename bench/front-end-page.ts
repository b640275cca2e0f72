// A page of so many lines, such as a group that keeps all its experiments in one file would write: chapters of ops, a block,
// data, models of the family with layers of their own, trainings, and what is asked of them.

/** One chapter: 50 lines. Names carry its number. */
function chapter(n: number): string {
  const sizes = ['6M', '19M', '34M', '48M', '66M', '85M', '113M', '170M']
  const size = sizes[n % sizes.length]!
  return `# Chapter ${n}: a gate of its own, at ${size} parameters.

## How fast the masks come.
op rise${n}(t) = sin(pi / 2 * t) ^ ${1 + (n % 3)}

## A gate that opens slowly.
op gate${n}(x, slope = ${1 + (n % 5)}) = x / (1 + exp(-slope * x))

## Prefers what is sure by a wide margin.
op margin${n}(p: [vocab]) -> float {
  best = max[vocab](p)
  rest = max[vocab](if p == best then 0 else p)
  return best - rest
}

## Attention, then a gated perceptron.
block layer${n}(x: [time, width]) -> [time, width] {
  param hidden = ${2 + (n % 3)} * width
  weight A, B: [width, hidden]
  weight C: [hidden, width] ~ normal(0.02)

  y = x + attention(rmsnorm[width](x))
  h = gate${n}(sum[width](y * A)) * sum[width](y * B)
  return y + sum[hidden](h * C)
}

data tales${n} = text("data/tales-${n}.txt") {
  tokenizer:  bytes
  validation: 1%
}

model small${n} = smdm.preset(${size}) { context: 256, layer: layer${n} }

train plain${n} = smdm.pretrain {
  model:  small${n}
  data:   tales${n}
  batch:  32 sequences
  budget: ${1000 + n} steps
  objective { schedule: rise${n} }
  optimizer { lr: ${1 + (n % 9)}e-4, warmup: 5% }
}

train longer${n} = plain${n} { budget: ${2000 + n} steps }
eval bound${n} { from: longer${n}, data: tales${n}.validation, metric: likelihood { samples: 64 } }
sample story${n} { from: longer${n}, prompt: "Once upon a time", sampler: confidence { steps: 64, order: margin${n} } }
`
}

/** Trainings of a few models that differ in little, as a search by hand leaves them: 6 lines each. */
export function trainingsOf(lines: number): string {
  const one = (n: number): string => `train run${n} = smdm.pretrain {
  model:  smdm.preset(${['6M', '19M', '34M'][n % 3]!})
  data:   tales
  budget: ${1000 + n} steps
  optimizer { lr: ${1 + (n % 9)}e-4, warmup: ${1 + (n % 7)}% }
}
`
  const head = 'use smdm\n\ndata tales = text("tales.txt") { tokenizer: bytes, validation: 1% }\n\n'
  return head + Array.from({ length: Math.floor((lines - 4) / 6) }, (_, i) => one(i)).join('')
}

export function pageOf(lines: number): string {
  const head = 'use smdm\n\n'
  const chapters = Math.floor(lines / chapter(0).split('\n').length)
  return head + Array.from({ length: chapters }, (_, i) => chapter(i + 1)).join('\n')
}
