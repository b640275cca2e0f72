// Keys of stages: what cannot change a result keeps the key, everything else changes it. And every field of the
// table has a reader: changing it changes the stage that is built.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Stage } from '../compiler/check/pipeline.ts'
import { KINDS } from '../compiler/spec/kinds.ts'
import { page, pipelineOf, stageOf } from './helpers/check.ts'

const SAMPLE = 'sample s { from: t, prompt: "Once", length: 32 tokens }'
const EVAL = 'eval e { from: t, data: tales.validation }'
const keys = (text: string, more = {}): Record<string, string> =>
  Object.fromEntries(pipelineOf(text, more).stages.map((s) => [s.kind, s.key]))
const base = page('', `${SAMPLE}\n${EVAL}`)

test('layout, comments, order, names and spelling keep every key', () => {
  const moved = `# a comment
eval other { data: work.validation  from: training }   # another
sample text {
  prompt: "Once", length: 32 tokens, from: training }
use smdm
data work = text("tales.txt") { validation: 0.01, tokenizer: bytes }
train training = smdm.pretrain { budget: 2k steps, data: work, model: smdm.preset(6_000_000) { layers: 2, context: 64 }
  log: 7 steps, keep: 3 steps }`
  assert.deepEqual(keys(moved), keys(base))
})

test('a let, a param and --set of the same value keep the key', () => {
  const text = `let n = 1000 steps\nparam layers = 4\n${page().replace('2000 steps', '2 * n').replace('layers: 2', 'layers: layers')}`
  assert.equal(keys(text, { set: { layers: '2' } })['train'], keys(page())['train'])
  assert.notEqual(keys(text)['train'], keys(page())['train'])
})

test('the content of a file changes the keys, its place does not', () => {
  const files = (sha256: string) => (path: string) => ({ path, found: true, bytes: 1e7, sha256 }) as const
  const before = keys(base, { files: files('a') })
  assert.deepEqual(keys(base.replaceAll('tales.txt', 'elsewhere/t.txt'), { files: files('a') }), before)
  for (const [kind, key] of Object.entries(keys(base, { files: files('b') }))) assert.notEqual(key, before[kind], kind)
})

test('a check reads no file for its hash; keys do, once', () => {
  let read = 0
  const files = (path: string) => ({
    ...({ path, found: true, bytes: 1e7 } as const),
    get sha256() {
      read++
      return 'a'
    },
  })
  const { stages } = pipelineOf(base, { files })
  assert.equal(read, 0)
  const first = stages.map((s) => s.key)
  const once = read
  assert.ok(once > 0)
  assert.deepEqual(stages.map((s) => s.key), first) // prettier-ignore
  assert.equal(read, once)
})

test('an upstream change changes what follows', () => {
  const changed = keys(base.replace('2000 steps', '2001 steps'))
  for (const [kind, key] of Object.entries(keys(base))) assert.notEqual(changed[kind], key, kind)
})

test('code counts by its text, without comments and blanks', () => {
  const text = (op: string) => `${op}\n${page('objective { schedule: mine }')}`
  const before = keys(text('op mine(t) = t * t'))
  assert.deepEqual(keys(text('op mine(t) =   # squared\n  t *\n t')), before)
  assert.notDeepEqual(keys(text('op mine(t) = t * t * t')), before)
  // What the op calls counts as well.
  const inner = (body: string) => keys(text(`op mine(t) = helper(t)\nop helper(t) = ${body}`))
  assert.notDeepEqual(inner('t'), inner('t * t'))
})

/** Another value of each field that runs now; the page it stands in, by kind. */
const OTHER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  train: {
    model: 'smdm.preset(6M) { context: 32, layers: 2 }',
    from: 'checkpoint("w.safetensors")',
    data: 'text("other.txt")',
    objective: 'masked { floor: 1% }',
    optimizer: 'adamw { lr: 1 }',
    batch: '8 sequences',
    budget: '1999 steps',
    precision: 'f16',
    seed: '1',
    validate: '10 steps',
    log: '7 steps',
    keep: '7 steps',
  },
  data: { tokenizer: '', validation: '2%', limit: '1M tokens', path: '"other.txt"' },
  objective: { schedule: 'cosine', floor: '2%', weight: 'bound' },
  optimizer: {
    lr: '1e-3',
    warmup: '7 steps',
    decay: 'linear',
    floor: '20%',
    betas: '[0.8, 0.9]',
    weight_decay: '0',
    clip: '2',
    eps: '1e-7',
  },
  sample: { from: 'u', prompt: '"Twice"', length: '31 tokens', count: '2', sampler: 'ancestral', seed: '1', write: '"out.txt"' },
  sampler: { steps: '7', guidance: '1', temperature: '0.5', order: 'margin', pooled: 'true' },
  eval: { from: 'u', data: 'tales', metric: 'likelihood { samples: 7 }', limit: '7 sequences', seed: '1' },
  metric: { samples: '7', by: 'exact_k' },
}
const TWIN = page().slice(page().indexOf('train t')).replace('train t', 'train u').replace('budget: 2000', 'budget: 1000')

/** The page with one field given another value. */
function changed(kind: string, field: string, value: string): string {
  const line = `${field}: ${value}`
  switch (kind) {
    case 'train': {
      const rest = page(line, `${SAMPLE}\n${EVAL}`).split('\n')
      const own = rest.findIndex((l) => l.trim() === line)
      return rest.filter((l, i) => i === own || !new RegExp(`^  ${field}: `).test(l)).join('\n')
    }
    case 'data':
      if (field === 'validation') return base.replace('validation: 1%', line)
      return base.replace('text("tales.txt") {', `text("tales.txt") { ${line},`)
    case 'objective':
    case 'optimizer':
      return page(`${kind} { ${line} }`, `${SAMPLE}\n${EVAL}`)
    case 'sampler':
      return base.replace('from: t, prompt', `sampler { ${line} }, from: t, prompt`)
    case 'metric':
      return base.replace('from: t, data', `metric: likelihood { ${line} }, from: t, data`)
    default: {
      const own = kind === 'sample' ? SAMPLE : EVAL
      const without = own.replace(new RegExp(`,? ?${field}: ("[^"]*"|[\\w. ]+)`), '').replace('{,', '{')
      return base.replace(own, without.replace('{', `{ ${line},`)) + (value === 'u' ? `\n${TWIN}` : '')
    }
  }
}

/** A stage without its names, keys and places; ops by name. */
function built(stage: Stage): string {
  const { key, normal, origins, span, needs, ...rest } = stage
  void [key, normal, origins, span, needs]
  const names = new Set(['span', 'scope', 'decl', 'model'])
  const inner = (of: Stage): unknown =>
    'model' in of ? [...of.model.params].map(([n, v]) => [n, typeof v === 'object' ? v.decl.name.name : v]) : []
  const from = 'from' in stage && stage.from ? (stage.from.kind === 'stage' ? stage.from.stage.key : stage.from.path) : ''
  return JSON.stringify([inner(stage), from, { ...rest, from: undefined }], (name, value: unknown) => {
    if (name === 'decl') return (value as { name: { name: string } }).name.name
    return names.has(name) ? undefined : value
  })
}

const STAGE_OF: Readonly<Record<string, 'train' | 'sample' | 'eval'>> = {
  train: 'train',
  data: 'train',
  objective: 'train',
  optimizer: 'train',
  sample: 'sample',
  sampler: 'sample',
  eval: 'eval',
  metric: 'eval',
}

for (const [kind, values] of Object.entries(OTHER)) {
  const { fields, makers } = KINDS[kind as keyof typeof KINDS]
  const working = Object.values(makers).filter((maker) => !maker.later)
  const all = { ...fields, ...Object.assign({}, ...working.map((maker) => maker.fields)) } as typeof fields
  const name = { train: 't', sample: 's', eval: 'e' }[STAGE_OF[kind]!]
  for (const [field, spec] of Object.entries(all)) {
    if (spec.later !== undefined || (spec.type.is === 'word' && spec.type.words.length - (spec.type.later ?? []).length < 2)) continue
    if (values[field] === '') continue // one value so far
    test(`${kind}.${field} has a reader and ${spec.free ? 'keeps' : 'changes'} the key`, () => {
      const value = values[field] ?? assert.fail('give this field another value in the table above')
      const [before, after] = [stageOf(base, name), stageOf(changed(kind, field, value), name)]
      assert.notEqual(built(after), built(before), 'nothing reads it')
      assert.equal(after.key === before.key, spec.free === true)
    })
  }
}
