// What people bring along from PyTorch, Hugging Face and YAML: each mistake is told once, in words that say what to write, and
// writing that leaves a page without errors.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { render } from '../grammar/frame.ts'
import { checked } from './helpers/check.ts'

const PAGE = `use smdm
data book = text("book.txt") { tokenizer: bytes, validation: 10% }
train writer = smdm.pretrain {
  model:  transformer { layers: 2, width: 64, heads: 4, hidden: 128, context: 64 }
  data:   book
  batch:  16 sequences
  budget: 200 steps
  optimizer { lr: 1e-3, warmup: 10% }
}
sample story {
  from:    writer
  prompt:  "Once "
  length:  48 tokens
  sampler: confidence { steps: 24 }
  write:   "story.jsonl"
}
eval bound {
  from:   writer
  data:   book.validation
  metric: likelihood { samples: 16 }
}
`

/** A text of the page, what is written instead of it, what the message must say, and the cure where that is another text. */
const MISTAKES: readonly (readonly [right: string, wrong: string, said: string, cure?: string])[] = [
  ['text("book.txt")', "text('book.txt')", '"book.txt"'],
  ['text("book.txt")', 'text(book.txt)', 'write `"book.txt"`'],
  ['text("book.txt")', 'load_dataset("book.txt")', 'write `text("…")`'],
  ['text("book.txt")', 'csv("book.txt")', 'write `jsonl("…")`', 'text("book.txt")'],
  ['text("book.txt") {', '"book.txt" {', 'text("book.txt") { … }'],
  ['bytes', '"bytes"', 'write `bytes` without quotes'],
  ['bytes', 'char', 'write `bytes`'],
  ['use smdm\n', '', 'write `use smdm` at the top'],
  ['use smdm', 'use "smdm"', 'write `use smdm`'],
  ['train writer = smdm.pretrain {', 'train writer smdm.pretrain {', 'train writer = …'],
  ['train writer = smdm.pretrain {', 'train writer: smdm.pretrain {', 'train writer = …'],
  ['sample story {', 'generate story {', 'here it is called `sample`'],
  ['sample story {', 'sample my-story {', 'my_story', 'sample my_story {'],
  ['optimizer { lr: 1e-3, warmup: 10% }', 'optimizer: adamw(lr: 1e-3, warmup: 10%)', 'adamw { lr: …, warmup: … }', 'optimizer: adamw { lr: 1e-3, warmup: 10% }'], // prettier-ignore
  ['optimizer { lr: 1e-3, warmup: 10% }', 'optimizer: AdamW(lr=1e-3)', 'in braces, with colons', 'optimizer: adamw { lr: 1e-3 }'],
  ['optimizer { lr: 1e-3, warmup: 10% }', 'optimizer ( lr: 1e-3, warmup: 10% )', 'optimizer { … }'],
  ['optimizer { lr: 1e-3', 'optimizer: "adamw" { lr: 1e-3', 'such as `adamw { … }`', 'optimizer: adamw { lr: 1e-3'],
  ['lr: 1e-3', 'lr: 3e-4 steps', 'write `3e-4`', 'lr: 3e-4'],
  ['lr: 1e-3', 'lr: "1e-3"', 'write `1e-3` without quotes'],
  ['lr: 1e-3', 'lr: 0,001', '`0.001`', 'lr: 0.001'],
  ['lr: 1e-3', 'lr: 1e-3, betas: (0.9, 0.99)', 'in brackets', 'lr: 1e-3, betas: [0.9, 0.99]'],
  ['lr: 1e-3', 'lr: 1e-3, scheduler: linear', 'called `decay`', 'lr: 1e-3, decay: linear'],
  ['warmup: 10%', 'warmup: 10 percent', '`10%`'],
  ['200 steps', '200 iterations', '`200 steps`'],
  ['200 steps', '2 hours', 'its steps or tokens say'],
  ['200 steps', '2,000 steps', '`2_000`', '2_000 steps'],
  ['budget: 200 steps', 'budget:', 'it takes steps, tokens'],
  ['  budget: 200 steps', '  budget:\n  seed: 3', '`seed` below begins the next field', '  budget: 200 steps\n  seed: 3'],
  ['budget: 200 steps', 'budget: 200 steps // short', '`#`', 'budget: 200 steps # short'],
  ['budget: 200 steps\n', '', '`budget` takes steps'],
  ['16 sequences', '16 samples', '`16 sequences`'],
  ['context: 64 }', 'context: 64, causal: False }', 'write `false`', 'context: 64, causal: false }'],
  ['context: 64 }', 'context: 64, causal: "false" }', 'write `false` without quotes', 'context: 64, causal: false }'],
  ['context: 64 }', 'context: 64, layer: "prenorm" }', 'write `prenorm` without quotes', 'context: 64, layer: prenorm }'],
  ['transformer { layers: 2, width', 'transformer(layers: 2) { width', 'transformer { layers: … }'],
  ['transformer { layers: 2, width', 'transformer { layers = 2, width', 'write `layers: …`'],
  ['transformer { layers: 2, width', 'transformer { "layers": 2, width', 'layers: …'],
  ['from:    writer', 'from:    "writer"', 'write `writer` without quotes'],
  ['"Once "', 'f"Once "', 'nothing stands in front of a text'],
  ['"Once "', '“Once ”', '"Once "'],
  ['  prompt:  "Once "\n', '  prompt: None\n', 'leave the field out', ''],
  ['write:   "story.jsonl"', 'write:   story.jsonl', 'write `"story.jsonl"`'],
  ['steps: 24', 'steps: 24, order: entropy', '`peak`, `margin` and `certainty`', 'steps: 24, order: certainty'],
  ['likelihood { samples: 16 }', 'likelihood(samples: 16)', 'likelihood { samples: … }'],
  ['likelihood { samples: 16 }', 'perplexity', 'write `likelihood`', 'likelihood'],
  ['200 steps\n', '200 steps\n  objective { schedule: "cosine" }\n', 'write `cosine` without quotes', '200 steps\n  objective { schedule: cosine }\n'], // prettier-ignore
  ['200 steps\n', '200 steps\n  objective { schedule: sqrt_t }\n', '`linear`, `cosine`, `root` and `square`', '200 steps\n  objective { schedule: root }\n'], // prettier-ignore
  ['200 steps\n', '200 steps\n  objective { schedule: t ^ 2 }\n', 'write `op name(t) = t ^ 2`', '200 steps\n  objective { schedule: name }\n}\nop name(t) = t ^ 2\ntrain other = writer {\n'], // prettier-ignore
  ['200 steps\n', '200 steps\n  objective { schedule: lambda t: t**2 }\n', '`op name(x) = …`', '200 steps\n'],
  ['200 steps\n', '200 steps\n  seed: random\n', '`seed` takes a number', '200 steps\n  seed: 3\n'],
]

for (const [right, wrong, said, cure = right] of MISTAKES) {
  test(`${wrong.trim() || right.trim()}: ${said}`, () => {
    assert.ok(PAGE.includes(right))
    const written = (text: string): string => PAGE.replace(right, () => text)
    const found = checked(written(wrong)).diagnostics
    const shown = found.map((d) => render(d)).join('\n')
    assert.equal(found.length, 1, shown)
    assert.ok(
      found[0]!.notes.some((note) => note.includes(said)),
      shown,
    )
    const left = checked(written(cure)).diagnostics.filter(({ severity }) => severity === 'error')
    assert.deepEqual(
      left.map((d) => render(d)),
      [],
    )
  })
}

const ADDED: readonly (readonly [wrong: string, said: string])[] = [
  ['sweep g { over { lr: 1e-3 } run: writer { optimizer { lr: lr } } }', 'over { size: [6M, 19M] }'],
  ['sweep g { over { seed: range(3) } run: writer { seed: seed } }', 'write the values, `[1, 2, 3]`'],
  ['sweep g { over { lr: [1e-3, 2e-3] } run: writer { lr: lr } }', 'write `optimizer { lr: … }`'],
  ['train w = writer { model: { layers: 3 } }', 'leave the colon out: `model { … }`'],
  ['train w = writer { model: smdm.preset(6M, context: 64) }', '`preset(…) { context: … }`'],
  ['model my(1) = transformer { layers: 2 }\ntrain w = writer { model: my }', 'write `my(1)`'],
  ['use "nowhere.smdm"', 'begins at the folder of the page'],
  ['let n = "a" + 1', '`+` adds numbers, or joins texts'],
  ['grad(dy) { x: dy }', 'stands behind its op'],
  ['op f(x) = x\ngrad(dy) = dy', 'one for each argument'],
  ['train a = writer { seed: 1 }, train b = writer { seed: 2 }', 'nothing stands between declarations'],
  ['data tales = tales.txt', 'write `text("tales.txt")`'],
  ['data tales = texts/tales.txt', 'write `text("texts/tales.txt")`'],
  ['data tales = tales.txt { validation: 1% }', 'write `text("tales.txt")`'],
  ['op surest(p) = p\nsample s = story { sampler { order: surest } }', '(p: [vocab]) -> float = max[vocab](p)'],
  ['op f(t) = np.exp(t)', 'did you mean `exp`?'],
  ['op f(t) = torch.relu(t)', 'write `max(x, 0)`'],
  ['op f(t) = pow(t, 2)', 'write `a ^ b`'],
  ['block b(x: [width]) -> [width] {\n  return layer_norm(x)\n}', 'write `rmsnorm[width](x)`'],
  ['block b(x: [width]) -> [width] {\n  weight W: [width]\n  return x * W.T\n}', 'nothing is transposed'],
  ['block b(x: [width]) -> [width] {\n  return self.proj(x)\n}', 'write `proj` alone'],
  ['block b(x: [width]) -> [width] {\n  return linear(x, width)\n}', '`sum[width](x * W)`'],
]

for (const [wrong, said] of ADDED) {
  test(`${wrong}: ${said}`, () => {
    const found = checked(`${PAGE}${wrong}\n`).diagnostics.filter(({ code }) => code !== 'unused')
    const shown = found.map((d) => render(d)).join('\n')
    assert.equal(found.length, 1, shown)
    assert.ok(said === '' || found[0]!.notes.some((note) => note.includes(said)), shown)
  })
}

const LAYER: readonly (readonly [body: string, said: string])[] = [
  ['  weight W: [width, width]\n  return sum[width](x * W)', "a further prime: `width'`"],
  ['  return x + sum(x, width)', '`sum[width](x)`'],
  ['  s = softmax[time](sum[width](x * x))\n  return sum[time](s * x)', "sum[time'](… x[time'] …)"],
  ['  param rank\n  weight V: [rank, width]\n  return x + sum[rank](V)', '`param rank = …`'],
]

for (const [body, said] of LAYER) {
  test(`${body}: ${said}`, () => {
    const page = `${PAGE}block b(x: [time, width]) -> [time, width] {\n${body}\n}\ntrain w = writer { model { layer: b } }\n`
    const found = checked(page).diagnostics
    const shown = found.map((d) => render(d)).join('\n')
    assert.equal(found.length, 1, shown)
    assert.ok(found[0]!.notes.some((note) => note.includes(said)), shown) // prettier-ignore
  })
}

test('a number of turns that is none is told with the line that sets it', () => {
  const [found, ...more] = checked(PAGE.replace('layers: 2', 'layers: 2.5')).diagnostics
  assert.equal(more.length, 0)
  assert.deepEqual(found?.notes, ['set in page.smdm:4'])
})

test('a number of the command line that lacks its unit is cured there', () => {
  const page = PAGE.replace('200 steps', 'steps').replace('use smdm\n', 'use smdm\nparam steps = 200 steps\n')
  const [found, ...more] = checked(page, { set: { steps: '300' } }).diagnostics
  assert.equal(more.length, 0)
  assert.match(found!.notes[0]!, /write `--set "steps=300 steps"`$/)
  assert.deepEqual(checked(page, { set: { steps: '300 steps' } }).diagnostics, [])
})

test('no heads are told once, without what is divided by them', () => {
  const [found, ...more] = checked(PAGE.replace('heads: 4', 'heads: 0')).diagnostics
  assert.equal(more.length, 0)
  assert.match(found!.message, /must be at least 1, but it is 0$/)
  assert.ok(found!.notes.includes('set in page.smdm:4'))
})

test('a misspelt field that must be there is not missing, too', () => {
  for (const [right, wrong] of [['from:    writer', 'form:    writer'], ['budget: 200 steps', 'max_steps: 200']] as const) // prettier-ignore
    assert.deepEqual(checked(PAGE.replace(right, wrong)).diagnostics.map(({ code }) => code), ['unknown-field']) // prettier-ignore
})
