// What the language server says of the word under the cursor: tensors of bodies with dimensions and sizes, fields with meaning,
// unit, default, value and origin, stages with what they will do, their key and whether they are done.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { cursor, Editor } from './helpers/editor.ts'

const PAGE = `use smdm
data tales = text("tales.txt") { validation: 1% }

op soft[d](x: [d]) -> [d] {
  e = exp(x - max[d](x))
  return e / sum[d](e)
}

block mix(x: [time, width]) -> [time, width] {
  param heads
  let head = width / heads
  weight Wq, Wk: [width, heads, head]
  weight Wo: [heads, head, width]
  q = sum[width](x * Wq)
  score = sum[head](q * sum[width](x * Wk)[time'])
  share = soft[time'](score)
  back = sum[heads, head](sum[time'](share * q[time']) * Wo)
  return x + back
}

train t = smdm.pretrain {
  model:  smdm.preset(170M) { context: 256, layers: 2, layer: mix }
  data:   tales
  budget: 200 steps
  optimizer { lr: 1e-3, warmup: 2% }
}

sample s { from: t, prompt: "O", sampler { steps: 16, temperature: 0.5 } }

sweep rates {
  over { rate: [1e-3, 1e-4] }
  run: t { optimizer { lr: rate } }
}
`
let editor: Editor
before(async () => {
  editor = await Editor.start({ 'tales.txt': 'Once upon a time. '.repeat(2000) })
})
after(async () => {
  assert.equal(await editor.close(), 0)
  await editor[Symbol.asyncDispose]()
})

const hover = (around: string, text = PAGE) => editor.hover('p.smdm', cursor(text, around))

test('tensors: named dimensions with the sizes of the model, and bytes', async () => {
  for (const [around, shape] of [
    ['  q| = sum', '`[batch, time 256, heads 12, head 64]` · 768 KiB a sequence'],
    ['  sco|re =', "`[batch, heads 12, time 256, time' 256]` · 3 MiB a sequence"],
    ['  ba|ck =', '`[batch, time 256, width 768]` · 768 KiB a sequence'],
    ['(share * q|[', '`[batch, time 256, heads 12, head 64]`'],
    ['weight Wq|,', '`[width 768, heads 12, head 64]` · 2 MiB'],
    ['block mix(x|:', '`[batch, time 256, width 768]`'],
    // An op has the dimensions of its call: here it is called with time', and its own word for that is d.
    ['  e| = exp', "`[batch, heads 12, time 256, time' 256]`"],
  ] as const) {
    const said = await hover(around)
    assert.ok(said.includes(shape), `${around}\n${said}`)
  }
})

test('sizes and dimensions', async () => {
  assert.match(await hover('param hea|ds'), /`12`/)
  assert.match(await hover('let he|ad'), /`64`/)
  assert.match(await hover("sum[ti|me'](share"), /^dimension \*\*time\*\* · `256`$/)
  assert.match(await hover('exp(x - max[|d]'), /^dimension \*\*d\*\* · `time' 256`$/)
  assert.match(await hover('sum[heads, he|ad](sum'), /let head = width \/ heads[^]*`64`/)
  const unused = await hover('  sco|re =', PAGE.replace(', layer: mix', ''))
  assert.match(unused, /^```smdm\nscore = [^\n]*\n```$/, 'a block that no model uses has no sizes')
})

test('a field: meaning, what it takes, default, value and origin', async () => {
  const warmup = await hover('war|mup')
  for (const part of [
    /^\*\*warmup\*\* of an optimizer\n\nLinear rise from 0 to `lr`\./,
    /takes steps, tokens or a percentage, at least 0 · default `max\(1%, 100 steps\)`/,
    /here instead of `max\(1%, 100 steps\)`, smdm\/pretrain\.smdm:\d+/,
    /optimizer\.warmup {2}2% {2}p\.smdm:25/,
  ])
    assert.match(warmup, part)
  const context = await hover('con|text: 256')
  assert.match(context, /\*\*context\*\* of a model · `param context = 2048`/)
  assert.match(context, /model\.context {2}256 {2}p\.smdm:22/)
  const sampler = await hover('sam|pler {')
  assert.match(sampler, /How masks become text[^]*such as `confidence` or `ancestral` · default `confidence`/)
  assert.match(sampler, /sampler +confidence +default\n/)
  assert.match(sampler, /sampler\.temperature +0\.5 +p\.smdm:28/)
})

test('a stage: parameters, tokens, steps, flops, memory, and its key', async () => {
  const said = await hover('train |t =')
  for (const part of [
    /key +[0-9a-f]{12}, new\n/,
    /model +[\d.]+M parameters/,
    /200 steps = 13\.11M tokens/,
    /[\d.]+e\d+ as the paper counts \(6 N D\), [\d.]+e\d+ executed/,
    /memory +weights \d+ MiB, gradients \d+ MiB, optimizer \d+ MiB/,
    /model\.mix\.heads +12 +inherited, p\.smdm:10/,
  ])
    assert.match(said, part)
})

test('a stage that is done is cached: the key is that of the command line', async () => {
  const [, key] = /key +(\w+), new/.exec(await hover('sample |s')) ?? []
  const folder = join(editor.folder, '.smdmc', 'store', key!)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'samples.jsonl'), '')
  assert.match(await hover('sample |s'), new RegExp(`key +${key}, cached`))
})

test('a sweep: its rows; a page with a mistake still shows declarations', async () => {
  const said = await hover('sweep ra|tes')
  assert.match(said, /in all +2 trainings/)
  assert.match(said, /key +rate +parameters/)
  assert.match(await hover('train |t =', PAGE.replace('200 steps', '200')), /^```smdm\ntrain t/)
})
