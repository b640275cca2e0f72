// One mistake yields one message. (That every message has a program is tested with the manual's, in errors.test.ts.)
import assert from 'node:assert/strict'
import test from 'node:test'
import { FOREIGN_FIELDS } from '../compiler/spec/foreign-fields.ts'
import { KINDS } from '../compiler/spec/kinds.ts'
import { codesOf, checked, evalOf, page, shown, trainOf } from './helpers/check.ts'

const sample = (fields: string): string => page('', `sample s { from: t, length: 32 tokens, ${fields} }`)
const tune = (fields: string): string => page(`optimizer { ${fields} }`)
const causal = page('', 'eval e { from: t, data: tales, metric: likelihood { by: exact_k } }')
  .replace('layers: 2', 'layers: 2, causal: true')
  .replace('budget', 'objective: next_token\n  budget')

/** Programs with exactly one mistake, by what is said of it. */
const PROGRAMS: readonly (readonly [code: string, text: string, more?: Parameters<typeof checked>[1]])[] = [
  ['twice', page('', 'let a = 1\nlet a = 2\nsample s { from: t, count: a }')],
  ['use-cycle', 'use "a.smdm" as a', { used: { 'a.smdm': 'use "b.smdm" as b', 'b.smdm': 'use "a.smdm" as a' } }],
  ['cannot-use', 'use "nowhere.smdm" as n'],
  ['cannot-use', 'use smd'],
  ['unknown-name', 'use "a.smdm" as a\nlet n = a.b.c', { used: { 'a.smdm': 'use "b.smdm" as b', 'b.smdm': 'let c = 1' } }],
  ['alias-needed', 'use "a.smdm"', { used: { 'a.smdm': '' } }],
  ['unknown-param', page(), { set: { size: '6M' } }],
  ['unset-param', `param n\n${page('seed: n')}`],
  ['unknown-type', `let n: step_count = 3\n${page('seed: n')}`],
  ['unknown-type', `let n: [time] = 3\n${page('seed: n')}`],
  ['not-as-declared', `param n: steps = 3\n${page('seed: n')}`],
  ['unused', page('', 'let n = 3')],
  ['unused', page('', 'data other = text("other.txt")')],
  ['no-member', page().replace('data:   tales', 'data: tales.test')],
  ['no-part', page('', 'data whole = text("a.txt")\neval e { from: t, data: whole.validation }')],
  ['case-needed', page().replace('smdm.preset(6M)', 'smdm.preset')],
  ['no-such-case', page().replace('6M', '7M')],
  ['unknown-name', page().replace('smdm.preset', 'smdm.presets')],
  ['mixed-units', page().replace('2000 steps', '2000 steps + 1%')],
  ['mixed-units', page('seed: max(1, 1GiB)')],
  ['two-units', page().replace('2000 steps', '20% steps')],
  ['wrong-operand', page('seed: 1 + "a"')],
  ['wrong-operand', page('seed: -"a"')],
  ['wrong-operand', page('seed: if 1 then 2 else 3')],
  ['wrong-operand', page('seed: linear("a")')],
  ['not-a-value', page('seed: pos[time]')],
  ['cannot-call', page().replace('data:   tales', 'data: tales("a")')],
  ['argument-needed', page().replace('data:   tales', 'data: text')],
  ['wrong-argument', page().replace('tokenizer: bytes', 'tokenizer: bytes("a")')],
  ['wrong-argument', page().replace('text("tales.txt")', 'text("a", "b")')],
  ['repeated-field', page('seed: 1\n  seed: 2')],
  ['wrong-type', page('seed: "one"')],
  ['wrong-type', page('precision: 32')],
  ['wrong-type', page().replace('data:   tales', 'data: smdm.preset(6M)')],
  ['wrong-type', page().replace('data:   tales', 'data: "tales.txt"')],
  ['wrong-type', page('validate: true')],
  ['wrong-unit', page('seed: 1 steps')],
  ['out-of-range', page('batch: 0 sequences')],
  ['out-of-range', tune('floor: 120%')],
  ['not-whole', page('seed: 1.5')],
  ['wrong-count', tune('betas: [0.9]')],
  ['unknown-word', page('precision: f64')],
  ['wrong-op', page('objective { schedule: bound }')],
  ['stage-needs-name', sample('').replace('from: t', 'from: t { seed: 2 }')],
  ['not-amendable', page('seed { steps: 1 }')],
  ['nothing-to-amend', page().replace('model:  smdm.preset(6M) ', 'model ')],
  ['base-needed', page('', 'data d { limit: 3 tokens }')],
  ['wrong-base', page('', 'sample s = t')],
  ['vocab-is-given', page().replace('layers: 2', 'vocab: 300')],
  ['axis-needs-list', page('', 'sweep w { over { n: 3 }, run: t }')],
  ['ragged-rows', page('', 'sweep w { over: [{ n: 3 }, { m: 3 }], run: t }')],
  ['length-too-long', sample('').replace('32 tokens', '65 tokens')],
  ['nothing-to-write', sample('prompt: "It is a truth universally acknowledged"')],
  ['needs-masked', causal.replace(/eval.*/, 'sample s { from: t }')],
  ['needs-chain-rule', causal],
  ['needs-bidirectional', page().replace('layers: 2', 'layers: 2, causal: true')],
  ['checkpoint-alone', sample('').replace('from: t', 'from: checkpoint("w")')],
  ['falling-schedule', `op wave(t) = t + sin(2 * pi * t)\n${page('objective { schedule: wave }')}`],
  ['bad-weight', `op odd(p, dp) = sqrt(p - 1)\n${page('objective { weight: odd }')}`],
  ['not-a-number', `op odd(p, dp) = p > 0.5\n${page('objective { weight: odd }')}`],
  ['not-static', `op square(t) {\n  let s = t * t\n  return s\n}\n${page('objective { schedule: square }')}`],
  ['unreachable-schedule', `op late(t) = 0.5 + t / 2\n${page('objective { schedule: late }')}`],
  ['unlike-weights', page('', 'train u = t { from: t, model { width: 128 } }')],
  ['unlike-weights', page('', 'train u = t { from: t, model { layers: 1 } }')],
  ['unlike-weights', page('', 'train u = t { from: t, model { layers: 3 } }')],
  ['broken-batch', page('batch: 100 tokens')],
  ['small-budget', page().replace('2000 steps', '100 tokens')],
  ['small-budget', page().replace('2000 steps', '0 steps')],
  ['long-warmup', page().replace('2000 steps', '50 steps')],
  ['unchanged', page('', 'train u = t { data: tales }')],
  ['unchanged', page('', 'train u = t { model: smdm.preset(6M) { context: 64, layers: 2 }, seed: 1 }')],
  ['unchanged', page('optimizer { betas: [0.9, 95%] }')],
  ['unchanged', page('seed: 3_407')],
  ['overwritten', sample('write: "a/b.jsonl"\n}\nsample u = s { seed: 2, write: "./a/../a/b.jsonl"')],
  ['short-data', page(), { files: (path) => ({ path, found: true, bytes: 63, sha256: '0' }) }],
  ['more-steps-than-masks', sample('prompt: "Once", sampler { steps: 30 }')],
  ['guidance-without-prompt', sample('sampler { steps: 9, guidance: 1 }')],
  ['open-brace', sample('prompt: "a { b", sampler { steps: 9 }')],
  ['not-available', sample('prompt: "a {3 tokens} b", sampler { steps: 9 }')],
  ['missing-file', page(), { files: (path) => ({ path, found: false, reason: 'offline' }) }],
]

for (const [code, text, more] of PROGRAMS) {
  test(`${code}: ${text.split('\n').length} lines, one message`, () => {
    // A sweep says beside its mistake that it cannot run yet.
    const diagnostics = checked(text, more).diagnostics.filter((d) => d.code === code || d.code !== 'not-available')
    assert.deepEqual(
      diagnostics.map((d) => d.code),
      [code],
      shown(diagnostics),
    )
    for (const { message, notes } of diagnostics) {
      for (const words of [message, ...notes]) assert.doesNotMatch(words, /undefined|NaN|\[object|Expr\b/)
    }
  })
}

test('the pages that the mistakes are planted in are right', () => {
  for (const text of [page(), sample(''), tune('lr: 1'), causal.replace('exact_k', 'chain_rule')]) assert.deepEqual(codesOf(text), [])
})

test('an amendment that says something is no mistake: another value, a default, a param, a row of a sweep', () => {
  for (const text of [
    page('', 'train u = t { seed: 3408 }'),
    page('optimizer { eps: 1e-8 }'),
    page('log: 10 steps'),
    `param seed = 3407\n${page('seed: seed')}`,
    page('', 'sweep w { over { n: [3407, 1] }, run: t { seed: n } }'),
    page('', 'train u = t { model { layers: 3 } }'),
  ])
    assert.deepEqual(codesOf(text), [])
})

test('one file for one result: the same stage under two names, other files, and the rows of a sweep', () => {
  const two = sample('write: "a.jsonl"').replace(/sample s (.*)/, 'sample s $1\nsample u $1')
  assert.deepEqual(codesOf(two), [])
  assert.deepEqual(codesOf(two.replace(/a\.jsonl(?![^]*a\.jsonl)/, 'b.jsonl')), [])
  const rows = sample('write: "a.jsonl"').replace(/(sample s .*)/, '$1\nsweep w { over { n: [1, 2, 3] }, run: s { seed: n } }')
  assert.deepEqual(codesOf(rows), ['overwritten'])
})

test('a warm-up that the page does not give is told at the stage, with where it comes from', () => {
  const short = page('', 'train u = t { optimizer { lr: 1e-3 } }').replace('2000 steps', '50 steps')
  const [first, ...more] = checked(short).diagnostics.map((d) => shown([d]))
  // A cure in the base is one in what amends it.
  assert.deepEqual(more, [])
  const [, second] = checked(short.replace('lr: 1e-3 }', 'lr: 1e-3 }, budget: 60 steps')).diagnostics.map((d) => shown([d]))
  assert.match(first ?? '', /page\.smdm:3:7\n[^]*it is `max\(1%, 100 steps\)`, set in smdm\/pretrain\.smdm:\d+\n/)
  assert.match(second ?? '', /page\.smdm:9:7\n/)
  assert.match(shown(checked(short.replace('smdm.pretrain', '').replace('= {', '{').replace('budget', 'batch: 4 sequences\n  budget')).diagnostics), /it is `max\(1%, 100 steps\)`, the default\n/) // prettier-ignore
})

test('sizes of memory are told in the unit that fits them', () => {
  const tiny = page().replace('smdm.preset(6M) { context: 64, layers: 2 }', 'transformer { layers: 1, width: 16, heads: 1, context: 16 }')
  const said = shown(checked(tiny, { memory: 20 * 1024 }).diagnostics)
  assert.match(
    said,
    /does not fit in 20\.0 KiB[^]*weights 48\.3 KiB, gradients 48\.3 KiB[^]*: 12 352 parameters\n[^]*one sequence of 16 tokens: [\d.]+ KiB/,
  )
})

test('every word of other frameworks leads to a field that is there', () => {
  const params = ['width', 'hidden', 'layers', 'heads', 'groups', 'context', 'causal']
  const fields = Object.values(KINDS).flatMap(({ fields, makers }) =>
    [fields, ...Object.values(makers).map((m) => m.fields)].flatMap(Object.keys),
  )
  for (const [word, meanings] of FOREIGN_FIELDS)
    for (const { here } of meanings) assert.ok(here === undefined || fields.includes(here) || params.includes(here), `${word} → ${here}`)
  assert.match(
    shown(checked(page('', 'sample s { from: t, cfg_scale: 2 }')).diagnostics),
    /it belongs to `sampler`: write `sampler { guidance: … }`/,
  )
})

test('fields in a list are one mistake', () => {
  assert.deepEqual(codesOf('train t = [{ seed: 1 }, { batch: 8 sequences }]'), ['wrong-base'])
})

test('several mistakes are found in one run', () => {
  const text = page('sed: 1\n  precision: f64\n  batch: 3').replace('data:   tales', 'data: tale')
  assert.deepEqual(codesOf(text).sort(), ['unit-required', 'unknown-field', 'unknown-name', 'unknown-word'])
})

test('what depends on a mistake says nothing', () => {
  const text = page('', 'sample s { from: t, prompt: "Once" }\neval e { from: t, data: tales }').replace('6M', '7M')
  assert.deepEqual(codesOf(text), ['no-such-case'])
})

test('a training that others amend may be incomplete', () => {
  assert.deepEqual(codesOf(`train base { batch: 8 sequences }\n${page().replace('smdm.pretrain', 'base')}`), [])
  assert.deepEqual(codesOf(`train base { batch: 8 sequences }\n${page()}`), ['missing-fields'])
})

test('a word of another framework means what its record has', () => {
  const said = (more: string): readonly string[] => checked(page(more)).diagnostics.map((d) => `${d.code}: ${d.notes[0]}`)
  const budget = page().match(/ *budget: .*\n/)![0]
  assert.deepEqual(checked(page().replace(budget, '  num_steps: 2000\n')).diagnostics.map((d) => d.notes), [
    ['here it is called `budget`: write `budget: 2000 steps`, with its unit'],
  ]) // prettier-ignore
  assert.deepEqual(said('objective { eps: 1e-3 }'), ['unknown-field: here it is called `floor`'])
  assert.deepEqual(said('shuffle: true'), ['unknown-field: the sequences of a training come in an order drawn from its `seed`'])
  assert.match(shown(checked(page('', 'sample s { from: t, num_steps: 8 }')).diagnostics), /write `sampler { steps: … }`/)
  assert.match(shown(checked(page('', 'sample s { from: t, batch_size: 8 }')).diagnostics), /here it is called `count`/)
})

test('what another maker has, a number for an op, and a kind for a stage lead on', () => {
  const first = (text: string): string | undefined =>
    checked(text)
      .diagnostics.map((d) => d.notes.join(' '))
      .join()
  assert.match(first(page('', 'sample s { from: t, sampler: ancestral { order: f } }'))!, /^`confidence` has one, and this is `ancestral`/)
  assert.match(first(page('objective { weight: 1 }'))!, /^it takes an op declare one, such as `op mine\(p, dp\) = …`, and write its name$/)
  assert.match(first(page('', 'sweep s { over { a: [1, 2] } run: train { seed: a } }'))!, /^write the name of a train of this page$/)
})

test('a declaration that cannot be read hides no mistake of the others, and makes none', () => {
  const broken = page(
    'sed: 1',
    'op f(x) = (x +\n\nsample s { from: t, sampler: confidence { order: f, temp: 0 } }\neval e { from: lost, data: tales }',
  )
  assert.deepEqual(codesOf(broken), ['unknown-field', 'unclosed-bracket', 'unknown-field'])
  for (const damaged of ['train t', 'data tales', 'use smdm']) {
    const text = page('', 'sample s { from: t }\neval e { from: t, data: tales.validation }').replace(damaged, `${damaged} )`)
    assert.deepEqual(codesOf(text), ['stray-bracket'], damaged)
  }
})

test('what a param takes follows its default, also where that is the name of another', () => {
  const model = (more: string) => page().replace('smdm.preset(6M) {', `smdm.preset(6M) { ${more},`)
  const { params, weights } = trainOf(model('groups: 2')).model
  assert.equal(params.get('groups'), 2)
  assert.equal(weights.find(({ name }) => name.endsWith('Wk'))?.dims.find(({ name }) => name === 'groups')?.size, 2)
  assert.deepEqual(codesOf(model('groups: swiglu')), ['wrong-type'])
  const own = `let most = 3
block own(tokens: symbols[time]) -> [time, vocab] {
  param vocab
  param context = 8
  param wide = most
  param same = wide
  param high = wide > 2
  param not_high = not high
  param norm = rmsnorm
  let symbols = vocab + 1
  weight E: [symbols, same] ~ normal(0.02)
  weight U: [same, vocab] ~ normal(0.02)
  x = E[symbols: tokens]
  return sum[same](norm[same](if not_high then 2 * x else x) * U)
}`
  const set = 'own { wide: 4, same: 5, high: false, not_high: false, norm: rmsnorm }'
  const { params: mine } = trainOf(page('', own).replace(/model: .*/, `model: ${set}`)).model
  assert.deepEqual(['wide', 'same', 'high', 'not_high'].map((name) => mine.get(name)), [4, 5, false, false]) // prettier-ignore
})

test('a model that reads its whole context alone says why it cannot write a shorter text', () => {
  const written = (body: string, length: number) =>
    page(
      '',
      `block own(tokens: symbols[time]) -> [time, vocab] {
  param vocab
  param width = 8
  param context = 64
  let symbols = vocab + 1
  weight E: [symbols, width]
  weight U: [width, vocab]
  x = E[symbols: tokens]
${body}
  return sum[width](y * U)
}
sample s { from: t, length: ${length} tokens }`,
    ).replace(/model: .*/, 'model: own')
  const said = (body: string, length: number) => shown(checked(written(body, length)).diagnostics)
  const last = '  y = x + x[time: 60]'
  assert.match(said(last, 7), /cannot read 7[^]*at 7 this index may fall outside `time` \(0 … 6\): page\.smdm:\d+\n/)
  assert.match(
    said('  let half = time / 2\n  weight P: [half, width]\n  y = x + P[half: pos[time] mod half]', 7),
    /at 7 `half` is a dimension/,
  )
  const learned = '  weight P: [context, width]\n  y = x + P[context: pos[time]]'
  for (const [body, length] of [[last, 61], [last, 64], [learned, 7]] as const) assert.equal(said(body, length), '') // prettier-ignore
})

test('an order is tried on the probabilities that it will have', () => {
  const said = (order: string) => shown(checked(page('', `${order}\nsample s { from: t, sampler { order: o } }`)).diagnostics)
  assert.equal(said('op o(p: [vocab]) -> float = p[vocab: 255]'), '')
  assert.match(said('op o(p: [vocab]) -> float = p[vocab: 256]'), /this index may fall outside `vocab` \(0 … 255\)/)
  assert.match(said('op o(p: [vocab, time]) -> [time] = max[vocab](p)'), /`o` needs `time`/)
})

test('fields of ours take no number without an end, and none that 32 bits do not hold', () => {
  const optimizer = (fields: string) => page(`optimizer { ${fields} }`)
  for (const text of [optimizer('lr: inf'), optimizer('clip: inf'), page('validate: 1 steps * inf')])
    assert.match(shown(checked(text).diagnostics), /is out of its range\n[^]*it is at least 0, and finite\n/)
  assert.match(shown(checked(optimizer('clip: 1e300')).diagnostics), /is out of its range\n[^]*it is at least 0, and at most 3.4e\+38\n/)
  const sampled = (steps: string) =>
    codesOf(page('', `sample s { from: t, sampler { steps: ${steps} } }`)).filter((c) => c !== 'more-steps-than-masks')
  assert.deepEqual([sampled('1e6'), sampled('1e12')], [[], ['out-of-range']])
})

test('epochs of data that nobody can count yet are told', () => {
  const unread = page().replace('tokenizer: bytes', 'tokenizer: bpe("a.json")').replace('2000 steps', '2 epochs')
  assert.match(shown(checked(unread).diagnostics), /no number of steps\n[^]*how long an epoch is shows when/)
})

test('what is trained, what is held out and what is measured are a sequence at least', () => {
  const said = (text: string, bytes: number) =>
    shown(checked(text, { files: (path) => ({ path, found: true, bytes, sha256: '0' }) }).diagnostics)
  const measured = page('', 'eval e { from: t, data: text("other.txt") }')
  const share = (text: string, validation: string) => text.replace('validation: 1%', `validation: ${validation}`)
  assert.match(said(share(measured, '10%'), 634), /what the data holds out has 63 tokens[^]*a larger share/)
  for (const [validation, bytes] of [
    ['10%', 635],
    ['0%', 64],
  ] as const)
    assert.equal(said(share(measured, validation), bytes), '')
  const causal = share(measured, '0%').replace('layers: 2', 'layers: 2, causal: true').replace('budget', 'objective: next_token\n  budget')
  assert.match(said(causal, 64), /the data has 64 tokens, which is less than one sequence of 65/)
  assert.equal(said(causal, 65), '')
})

test('a training on the part held out reads that part, and holds out nothing', () => {
  const { data, held } = trainOf(page().replace('data:   tales', 'data: tales.validation'))
  assert.deepEqual([data.part, data.tokens, held], ['validation', 1e5, undefined])
  const usual = trainOf(page())
  assert.deepEqual([usual.data.part, usual.held?.part, usual.held?.tokens], ['train', 'validation', 1e5])
})

test('a second metric waits, and is not left out in silence', () => {
  const both = page('', 'eval e { from: t, data: tales.validation, metric: [likelihood, likelihood { by: exact_k }] }')
  assert.match(shown(checked(both).diagnostics), /^warning\[not-available\]: more than one metric/)
  assert.deepEqual(evalOf(both).later.map(({ what }) => what), ['more than one metric']) // prettier-ignore
})

test('the weight of the bound is tried like one that the page gives', () => {
  const said = (op: string, fields: string, more = '') => codesOf(page(`objective: masked { schedule: o, ${fields} }`, `${op}\n${more}`))
  const stairs = 'op o(t) = floor(10 * t) / 10'
  const measured = (by: string) => `eval e { from: t, data: tales.validation, metric: likelihood { by: ${by} } }`
  assert.deepEqual(said('op o(t) = t\ngrad(dy) { t: -dy }', 'floor: 0%'), ['bad-weight'])
  assert.deepEqual(said('op o(t) = t', 'floor: 100%'), ['no-weight'])
  assert.deepEqual(said('op o(t) = t\nop z(p, dp) = 0', 'weight: z'), ['no-weight'])
  assert.deepEqual(said(stairs, 'weight: plain', measured('monte_carlo')), ['no-weight'])
  for (const steep of ['max(0, min(1, 2 * t - 0.5))', 't ^ 1000', 't ^ 0.01', 'sqrt(t)'])
    assert.deepEqual(said(`op o(t) = ${steep}`, 'floor: 0%', measured('monte_carlo')), [])
  assert.deepEqual(said(stairs, 'weight: plain', measured('exact_k')), [])
})

test('what Adam divides by is never nothing', () => {
  assert.deepEqual(
    [codesOf(page('optimizer { betas: [1, 0.9] }')), codesOf(page('optimizer { eps: 0 }'))],
    [['out-of-range'], ['out-of-range']],
  )
  assert.deepEqual(codesOf(page('optimizer { betas: [0, 0.999], eps: 1e-20 }')), [])
})

test('what a used file uses is not handed on: the cure is a use of one’s own, not the same name again', () => {
  const used = { 'a.smdm': 'use "b.smdm" as b\nlet bb = 1', 'b.smdm': 'let c = 1' }
  const said = (text: string): string => shown(checked(`use "a.smdm" as a\n${text}`, { used }).diagnostics)
  assert.match(
    said('let n = a.b.c'),
    /`a` has no `b`\n[^]*= write `use … as b` in this file, too: what a used file uses is not handed on\n/,
  )
  assert.match(said('let n = a.bbb'), /did you mean `bb`\?/)
})
