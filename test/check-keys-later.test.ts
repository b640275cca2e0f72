// The same two promises for what is checked and planned before it runs: every field of every kind has a reader, and it changes the
// key of its stage if, and only if, it can change results. A field that is in neither table fails here.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Stage } from '../compiler/check/pipeline.ts'
import { KINDS, type FieldSpec } from '../compiler/spec/kinds.ts'
import { stageOf } from './helpers/check.ts'

const TRAIN = `
  model:  smdm.preset(6M) { context: 64, layers: 2 }
  batch:  8 sequences
  budget: 2000 steps`
const QA = `use smdm
data qa = jsonl("qa.jsonl") {
  turns: [{ given: "{question}", write: "{answer}" }]
  fill: eos
}
train t = smdm.finetune {${TRAIN}
  data: qa
  objective { learn: answers }
}
eval e {
  from: t
  data: qa { expect: "{answer}", choices: ["{answer}", "{question}"] }
  metric: same_number { after: "#" }
  length: 50 tokens
}
`
const LINES = QA.replace('jsonl("qa.jsonl") {', 'lines("qa.txt") {\n  pattern: "{question}|{answer}"')
const PACKED = `use smdm
data slim = packed("slim") { tokenizer: sentencepiece("a.model"), train: "train*", validation: "val*" }
train t = smdm.pretrain {${TRAIN}
  data: slim
}
`
const GRID = `use smdm
data tales = text("tales.txt") { validation: 1% }
train t = smdm.pretrain {${TRAIN}
  data: tales
}
sweep grid {
  over { layers: [1, 2, 3], budget: [1e14 flops, 4e14 flops] }
  run: t { model { layers: layers }, budget: budget }
}
fit law { runs: grid, law: isoflop, loss: validation, write: "a.svg" }
eval e { from: t, data: tales.validation }
eval f { from: t, data: tales.validation, seed: 1 }
table all { rows: [e], write: "a.md" }
`
const PLAIN = GRID.slice(0, GRID.indexOf('sweep'))

type Case = readonly [field: string, stage: string, page: string, from: string, to: string]

/** `kind.field`, or `maker.field`: a page, and a change of it. */
const CASES: readonly Case[] = [
  ['data.turns', 't', QA, 'given: "{question}"', 'given: "Q: {question}"'],
  ['data.expect', 'e', QA, 'expect: "{answer}"', 'expect: "{question}"'],
  ['data.choices', 'e', QA, '["{answer}", "{question}"]', '["{question}"]'],
  ['data.fill', 't', QA, 'fill: eos', 'fill: ignore'],
  ['data.pattern', 't', LINES, '"{question}|{answer}"', '"{question}||{answer}"'],
  ['data.seed', 't', QA, 'fill: eos', 'fill: eos, seed: 3'],
  ['data.tokenizer', 't', PACKED, 'sentencepiece("a.model")', 'bpe("b.json")'],
  ['jsonl.path', 't', QA, '"qa.jsonl"', '"other.jsonl"'],
  ['lines.path', 't', LINES, '"qa.txt"', '"other.txt"'],
  ['packed.path', 't', PACKED, '"slim"', '"fat"'],
  ['packed.train', 't', PACKED, '"train*"', '"all*"'],
  ['sentencepiece.path', 't', PACKED, '"a.model"', '"b.model"'],
  ['bpe.path', 't', PACKED.replace('sentencepiece', 'bpe'), '"a.model"', '"b.model"'],
  ['turn.given', 't', QA, 'given: "{question}"', 'given: "{answer}"'],
  ['turn.write', 't', QA, 'write: "{answer}"', 'write: "{question}"'],
  ['masked.learn', 't', QA, 'learn: answers', 'learn: everything'],
  ['masked.drop_prompt', 't', QA, 'learn: answers', 'learn: answers, drop_prompt: 10%'],
  ['masked.normalise', 't', QA, 'learn: answers', 'learn: answers, normalise: sequence'],
  ['train.random_length', 't', QA, '  data: qa\n', '  data: qa\n  random_length: 1%\n'],
  ['eval.sampler', 'e', QA, 'length: 50 tokens', 'length: 50 tokens, sampler: ancestral'],
  ['eval.length', 'e', QA, 'length: 50 tokens', 'length: 49 tokens'],
  ['same_number.after', 'e', QA, 'after: "#"', 'after: "##"'],
  ['choice.by', 'e', QA.replace('  length: 50 tokens\n', '').replace('same_number { after: "#" }', 'choice'), 'metric: choice', 'metric: choice { by: exact_k }'], // prettier-ignore
  ['checkpoint.path', 't', PLAIN.replace('budget:', 'from: checkpoint("a.safetensors")\n  budget:'), '"a.', '"b.'],
  ['sweep.over', 'grid', GRID, '[1, 2, 3]', '[1, 2, 4]'],
  ['sweep.run', 'grid', GRID, 'run: t {', 'run: t { seed: 1,'],
  ['fit.runs', 'law', GRID, '[1, 2, 3]', '[1, 2, 4]'],
  ['fit.law', 'law', GRID, 'law: isoflop', 'law: power'],
  ['fit.loss', 'law', GRID, 'loss: validation', 'loss: train'],
  ['fit.write', 'law', GRID, '"a.svg"', '"b.svg"'],
  ['table.rows', 'all', GRID, 'rows: [e]', 'rows: [f]'],
  ['table.write', 'all', GRID, '"a.md"', '"b.md"'],
]

/** Files as the pages name them, each with a content of its own; folders by what their patterns match. */
const files = (path: string, _from: unknown, query?: { readonly as: string; readonly glob?: string }) =>
  ({
    path,
    found: true,
    bytes: 1e7,
    sha256: `${path} ${query?.glob ?? ''}`,
    ...(query?.as === 'packed' && { tokens: 1e7 }),
    ...((query?.as === 'jsonl' || query?.as === 'lines') && { lines: 1000, columns: ['question', 'answer'] }),
  }) as const

const without = new Set(['span', 'scope', 'model', 'needs', 'key', 'normal', 'origins', 'smaller', 'later'])

/** What was built of a stage: no names, keys or places; other stages by their keys, and code by its name. */
function built({ key, normal, ...stage }: Stage): string {
  void [key, normal]
  return JSON.stringify(stage, (name, value: unknown) => {
    if (name === 'decl') return (value as { name: { name: string } }).name.name
    if (typeof value === 'object' && value !== null && 'key' in value) return value.key
    return without.has(name) ? undefined : value
  })
}

function specOf(field: string): FieldSpec {
  const [owner = '', name = ''] = field.split('.')
  const own = Object.entries(KINDS).find(([kind, { fields }]) => kind === owner && Object.hasOwn(fields, name))?.[1].fields
  const made = Object.values(KINDS).find(({ makers }) => Object.hasOwn(makers, owner))?.makers[owner]?.fields
  return own?.[name] ?? made?.[name] ?? assert.fail(`there is no ${field}`)
}

for (const [field, stage, page, from, to] of CASES) {
  const { free } = specOf(field)
  test(`${field} has a reader and ${free ? 'keeps' : 'changes'} the key`, () => {
    assert.ok(page.includes(from), from)
    const [before, after] = [stageOf(page, stage, { files }), stageOf(page.replace(from, to), stage, { files })]
    assert.notEqual(built(after), built(before), 'nothing reads it')
    assert.equal(after.key === before.key, free === true)
  })
}

test('no field is in neither table', () => {
  const here = new Set(CASES.map(([field]) => field))
  const missing = Object.entries(KINDS).flatMap(([kind, { fields, makers }]) => {
    const own = Object.entries(fields).map(([name, spec]) => [`${kind}.${name}`, spec, false] as const)
    const made = Object.entries(makers).flatMap(([maker, m]) =>
      Object.entries(m.fields).map(([name, spec]) => [`${maker}.${name}`, spec, m.later === true] as const),
    )
    // check-keys.test.ts walks those that run now; words and units of theirs that do not are values, not fields.
    return [...own, ...made].filter(([, spec, later]) => spec.later !== undefined || later).map(([name]) => name)
  })
  const exempt = ['sweep.over', 'sweep.run']
  assert.deepEqual(
    missing.filter((name) => !here.has(name) && !exempt.includes(name)),
    [],
  )
})
