// The plan of what this version cannot run yet: examples and their seams, sweeps with their total, fits and tables.
import assert from 'node:assert/strict'
import test from 'node:test'
import { costOf } from '../compiler/report/cost.ts'
import { planText } from '../compiler/report/plan-text.ts'
import { checked, page, shown, stageOf, trainOf } from './helpers/check.ts'

/** A world with 384 620 lines of problems, as the paper's fine-tuning has, and a tokenizer of 32 000 words. */
const files = (path: string) =>
  ({
    path,
    found: true,
    bytes: 1e7,
    sha256: 'a'.repeat(64),
    vocab: 32_000,
    lines: 384_620,
    columns: ['question', 'thought', 'answer'],
  }) as const

function plan(text: string): string {
  const { pipeline, diagnostics } = checked(text, { files })
  return pipeline ? planText(pipeline) : assert.fail(shown(diagnostics))
}

const lineOf = (text: string, name: string): string | undefined => new RegExp(`^  ${name} .*`, 'm').exec(text)?.[0].slice(13)

const sft = (tokenizer: string, more: string) => `use smdm
data problems = lines("train.txt") {
  tokenizer: ${tokenizer}
  pattern: "{question}||{thought}####{answer}"
  turns: [
    { given: "Question: {question}", write: "Answer: {thought}" },
    { given: "Question: {question}Answer: {thought}", write: "####{answer}" },
  ]
  ${more}
}
train math = smdm.finetune { model: smdm.preset(6M) { context: 256 }, data: problems, budget: 40 epochs }`

test('fine-tuning: two examples a line, 40 epochs are the paper’s 120 193 steps', () => {
  const text = plan(sft('sentencepiece("t.model")', 'fill: eos'))
  assert.match(lineOf(text, 'budget')!, /^120 193 steps = .* = 40\.0 epochs of 769 240 examples$/)
  assert.match(lineOf(text, 'warm-up')!, /^1 201 steps$/)
  assert.match(lineOf(text, 'data')!, /^lines of 769 240 examples, sentencepiece$/)
})

test('where BOS and EOS stand, and what is learned behind the end', () => {
  const pieces = plan(sft('sentencepiece("t.model")', 'fill: eos'))
  assert.match(lineOf(pieces, 'seams')!, /tokenized apart: BOS in front of each/)
  assert.match(lineOf(pieces, 'end')!, /^EOS fills the sequence up to the context, and all of it is learned$/)
  assert.match(lineOf(plan(sft('sentencepiece("t.model")', 'fill: ignore')), 'end')!, /is not learned$/)
  assert.match(lineOf(plan(sft('bytes', '')), 'seams')!, /^bytes have no BOS and no EOS/)
  const text = plan(page())
  assert.match(lineOf(text, 'seams')!, /^one long text: no BOS, no EOS/)
  assert.equal(lineOf(text, 'end'), undefined)
})

test('the chain rule asks a causal model once a sequence, and one that fills masks once a token', () => {
  const likelihood = (model: string): string | undefined => {
    const text = page('', 'eval e { from: t, data: tales, metric: likelihood { by: chain_rule, samples: 9 }, limit: 4 sequences }')
    return lineOf(plan(text.replace('layers: 2 }', `layers: 2${model}`)), 'metric')
  }
  assert.match(likelihood(' }')!, /chain_rule, 9 samples, 256 forwards$/)
  assert.match(likelihood(', causal: true }, objective: next_token')!, /chain_rule, 9 samples, 4 forwards$/)
})

const GRID = `sweep grid {
  over { size: [6M, 19M], budget: [1e15 flops, 2e15 flops] }
  run: t { model: smdm.preset(size) { context: 64 }, budget: budget }
}
table best { rows: [t], write: "best.md" }`

test('a sweep: its total first, then a row each; its stages are not shown again', () => {
  const text = page('', GRID)
  const cost = costOf(stageOf(text, 'grid'))
  assert.ok(cost.kind === 'sweep')
  assert.deepEqual([cost.rows.length, cost.trainings], [4, 4])
  const rows = cost.rows.map((row) => costOf(trainOf(text, row.stage)))
  assert.equal(cost.tokens, rows.reduce((n, row) => n + (row.kind === 'train' ? row.tokens : 0), 0)) // prettier-ignore
  assert.ok(cost.flops.paper < 6e15 && cost.flops.paper > 0.99 * 6e15)
  const shownPlan = plan(text)
  assert.match(shownPlan, /^sweep grid {2}\[\w{12}\]\n {2}in all +4 trainings, .* tokens\n {2}flops/m)
  assert.match(shownPlan, /\n +key +size +budget +parameters +steps +tokens +6 N D +executed\n/)
  assert.doesNotMatch(shownPlan, /^train grid/m)
  assert.match(shownPlan, /^train t /m)
})

test('a table of a sweep has a row for each of its stages, beside others', () => {
  const text = page('', GRID.replace('rows: [t]', 'rows: [grid, t]'))
  const table = stageOf(text, 'best')
  const sweep = stageOf(text, 'grid')
  assert.ok(table.kind === 'table' && sweep.kind === 'sweep')
  assert.deepEqual(
    table.rows.map(({ name }) => name),
    ['grid-6M-1e15flops', 'grid-6M-2e15flops', 'grid-19M-1e15flops', 'grid-19M-2e15flops', 't'],
  )
  assert.ok(table.needs.some(({ key }) => key === sweep.key))
  const wider = stageOf(text.replace('[6M, 19M]', '[6M, 19M, 34M]'), 'best')
  assert.notEqual(wider.key, table.key)
})

test('a table says what it reads and writes, and where what cannot run yet stands', () => {
  const text = plan(page('', GRID))
  const table = text.slice(text.indexOf('table best'))
  assert.match(table, /^table best {2}\[\w{12}\] {2}after t\n {2}reads +the results of t\n {2}writes +best\.md/)
  const stage = trainOf(page())
  const later = [{ what: 'the data `odd`', at: stage.span }]
  assert.match(planText({ stages: [{ ...stage, later }] }), /\n {2}later +the data `odd` cannot run yet {2}page\.smdm:3$/)
})
