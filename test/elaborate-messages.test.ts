// What elaboration says about wrong bodies: one message for one mistake, at the place of the mistake.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Report, type Diagnostic } from '../grammar/diagnostic.ts'
import { textOf } from '../grammar/source.ts'
import { applyOp, numericOp } from '../compiler/elaborate/op.ts'
import type { Code } from '../compiler/elaborate/code.ts'
import { elaborateModel } from '../compiler/elaborate/model.ts'
import { Builder } from '../compiler/graph/builder.ts'
import { modelSpec, op, page } from './elaborate-fixture.ts'

interface Expected {
  readonly code: string
  readonly at: string
  readonly message: string
  readonly notes?: readonly string[]
}

function assertOne(found: readonly Diagnostic[], { code, at, message, notes }: Expected): void {
  assert.deepEqual(
    found.map((d) => d.code),
    [code],
  )
  const [first] = found
  assert.ok(first)
  assert.equal(first.message, message)
  assert.equal(textOf(first.span), at)
  if (notes !== undefined) assert.deepEqual(first.notes, notes)
}

/** Diagnostics of a transformer with the block `layer` of this text in it. */
function ofLayer(text: string, settings: Readonly<Record<string, number | boolean | Code>> = {}): readonly Diagnostic[] {
  const report = new Report()
  const scope = page(text)
  const layer = scope.code(['layer'])
  assert.ok(layer)
  const model = elaborateModel(modelSpec(scope, { layers: 3, context: 16, ...settings, layer }), { vocab: 100, report })
  assert.equal(model === undefined, report.failed)
  return report.diagnostics
}

const block = (body: string): string => `block layer(x: [time, width]) -> [time, width] {\n${body}\n}`

test('a sum whose sides do not fit', () => {
  const text = block(`  param hidden
  weight Win: [width, hidden]
  h = silu(sum[width](x * Win))
  return x + h`)
  assertOne(ofLayer(text), {
    code: 'cannot-add',
    at: 'x + h',
    message: 'cannot add [batch, time, width] and [batch, time, hidden]',
    notes: ['the left has `width` (256), the right has `hidden` (1024); a sum needs one side to fit inside the other'],
  })
})

test('a forgotten sum', () => {
  const text = block('  weight W: [width, heads, head]\n  let head = 64\n  return sum[width](x * W)')
  assertOne(ofLayer(text), {
    code: 'leftover-dimension',
    at: 'sum[width](x * W)',
    message: '`layer` promises [time, width] but returns [batch, time, heads, head]',
    notes: ['`heads` and `head` are left over: sum them away with `sum[heads, head](…)`, or add them to the promise', '`width` is missing'],
  })
})

test('an index that may fall outside', () => {
  const text = `op shift(x: [time]) -> [time] = x[time: pos[time] - 1]\n${block('  return x + shift(x)')}`
  assertOne(ofLayer(text), {
    code: 'index-out-of-range',
    at: 'pos[time] - 1',
    message: 'this index may fall outside `time` (0 … 15)',
    notes: ['keep it inside with `(…) mod time`'],
  })
})

test('heads that do not divide the width', () => {
  const scope = page('model m = transformer {\n  heads: 10\n}')
  const report = new Report()
  const noun = scope.module.items[0]
  assert.ok(noun?.kind === 'noun' && noun.value.kind === 'amend')
  const span = noun.value.record.fields[0]!.span
  assert.equal(elaborateModel(modelSpec(scope, { layers: 2, width: 768, heads: 10 }, span), { vocab: 100, report }), undefined)
  assertOne(report.diagnostics, {
    code: 'dimension-not-whole',
    at: 'let head = width / heads',
    message: '`head` is a dimension, so it must be a whole number, but it is 76.8',
    notes: ['head = width / heads = 768 / 10', 'heads that divide 768: 6, 8, 12', 'set in page.smdm:2'],
  })
})

test('a formula that gives no number, where it meets a tensor', () => {
  const message = '`inf - inf` gives no number'
  const wrong = [
    '  return x + (inf - inf)',
    '  let a = inf - inf\n  return (2 * a) * x',
    '  y = if x > 0 then x else 1 * (inf - inf)\n  return y',
  ]
  for (const body of wrong) {
    const [found, ...more] = ofLayer(block(body))
    assert.deepEqual(more, [])
    assert.equal(found?.message, message)
  }
  // One that nothing is made of does no harm.
  assert.deepEqual(ofLayer(block('  let a = inf - inf\n  return if true then x else a * x')), [])
})

test('a second walk that nobody began', () => {
  assertOne(ofLayer(block("  s = sum[width](x * x)\n  return x * max[time'](s)")), {
    code: 'no-such-dimension',
    at: "time'",
    message: "there is no `time'` here: this is [batch, time]",
    notes: ["it is a second walk along `time`: something in it is to be taken there, as `k` in `q * k[time']`"],
  })
})

test('a block that contains itself', () => {
  const text = `${block('  return x + halves(x)')}
block halves(x: [time, width]) -> [time, width] {
  return layer(rmsnorm[width](x)) + layer(x)
}`
  const found = ofLayer(text)
  assertOne(found.slice(0, 1), {
    code: 'recursive',
    at: 'layer(rmsnorm[width](x))',
    message: '`layer` contains itself',
    notes: ['the chain is layer → halves → layer', 'a network has a fixed depth: use `repeat n { … }`'],
  })
})

test('a param that no caller has', () => {
  const lonely = 'block lonely(x: [width]) -> [width] {\n  param experts\n  weight W: [experts, width]\n  return sum[experts](x * W)\n}'
  assertOne(ofLayer(`${lonely}\n${block('  return lonely(x)')}`), {
    code: 'param-without-value',
    at: 'experts',
    message: '`lonely` needs `experts`, and nothing that calls it has one',
    notes: ['called from transformer → layer', 'give it a value, `param experts = …`, here or in what calls it'],
  })
})

const WRONG: readonly (readonly [string, string, Expected])[] = [
  ['an unknown name', '  return x + atention(x)', { code: 'undefined-name', at: 'atention', message: '`atention` is not defined', notes: ['did you mean `attention`?'] }],
  ['a name of the caller', '  return x * hidden', { code: 'undefined-name', at: 'hidden', message: '`hidden` is not defined', notes: ['its callers have one: write `param hidden` to use it here'] }],
  ['a dimension without a size', '  weight W: [width, hiden]\n  return x', { code: 'unknown-dimension', at: 'hiden', message: 'I do not know the size of `hiden`' }],
  ['a dimension that is not there', '  return x * sum[widht](x)', { code: 'no-such-dimension', at: 'widht', message: 'there is no `widht` here: this is [batch, time, width]', notes: ['did you mean `width`?'] }],
  ['a reduction without brackets', '  return x * sum(x)', { code: 'dimension-count', at: 'sum(x)', message: '`sum` takes one dimension in brackets, and gets none', notes: ['write `sum[…](…)`'] }],
  ['a call without the dimension it needs', '  return attention(sum[time](x))', { code: 'argument-dimension', at: 'sum[time](x)', message: '`attention` needs `time`, and this is [batch, width]' }],
  ['a call without dimension parameters', '  return rmsnorm(x)', { code: 'dimension-count', at: 'rmsnorm', message: '`rmsnorm` takes one dimension in brackets, and gets none' }],
  ['too many arguments', '  return silu(x, x)', { code: 'argument-count', at: 'silu(x, x)', message: '`silu` takes `x`, and gets 2 arguments' }],
  ['an argument by a wrong name', '  return x * rope(x[width: pos[head]], bse: 3)\n', { code: 'unknown-argument', at: 'bse', message: '`rope` has no argument `bse`', notes: ['did you mean `base`?'] }],
  ['a missing argument', '  return rescale[width](x)', { code: 'missing-argument', at: 'rescale[width](x)', message: '`rescale` needs `gain`' }],
  ['calling a tensor', '  return x(x)', { code: 'not-callable', at: 'x', message: 'this is [batch, time, width], and only ops and blocks can be called' }],
  ['arithmetic on truth values', '  return x * (x > 0)', { code: 'needs-number', at: 'x * (x > 0)', message: 'a product needs numbers, and this is [batch, time, width]' }],
  ['a number for a truth value', '  return if x then x else 0', { code: 'needs-truth', at: 'x', message: '`if` needs true or false, and this is [batch, time, width]' }],
  ['a unit in a formula', '  return x * 3 tokens', { code: 'unit-in-code', at: '3 tokens', message: 'formulas have no units: `3 tokens`', notes: ['write `3`'] }],
  ['a text in a formula', '  return x * "3"', { code: 'not-an-expression', at: '"3"', message: 'a text means nothing in the body of an op or block' }],
  ['nothing returned', '  y = x', { code: 'no-return', at: 'layer', message: '`layer` returns nothing' }],
  ['dimensions that change in a repeat', '  y = x\n  repeat 3 {\n    y = sum[time](y)\n  }\n  return x', { code: 'changed-dimensions', at: 'y = sum[time](y)', message: '`y` is [batch, time, width] before the repeat and [batch, width] after a turn' }],
  ['a return in a repeat', '  repeat 3 {\n    return x\n  }\n  return x', { code: 'return-in-repeat', at: 'return x', message: 'a repeat cannot return' }],
  ['half a turn', '  repeat (5 / 2) {\n    x = x + 1\n  }\n  return x', { code: 'not-a-count', at: '(5 / 2)', message: 'a repeat needs a whole number of turns, and this is 2.5' }],
  ['a let of a tensor', '  let y = x * 2\n  return y', { code: 'not-static', at: 'x * 2', message: '`let y` must be known before anything runs, and this is a tensor' }],
  ['lets in a circle', '  let a = b + 1\n  let b = a + 1\n  return x * a', { code: 'circular-let', at: 'a', message: '`a` depends on itself' }],
  ['assigning to a let', '  let a = 1\n  a = 2\n  return x * a', { code: 'fixed-name', at: 'a', message: '`a` is fixed by a `let`' }],
  ['a prime on a dimension that is not there', "  return x * sum[head'](x[head'])", { code: 'no-such-dimension', at: "head'", message: 'there is no `head` here: this is [batch, time, width]' }],
  ['an index without a value', '  return x[time]', { code: 'index-without', at: 'time', message: '`time` alone picks nothing' }],
  ['an index with a fraction', '  return x * x[time: pos[time] / 2]', { code: 'index-not-whole', at: 'pos[time] / 2', message: 'an index into `time` must be a whole number' }],
  ['one name, two sizes', '  let width = 12\n  return x', { code: 'two-sizes', at: 'x', message: '`width` is 256 on one side and 12 on the other' }],
  ['weights that are no numbers', '  weight W: symbols[width]\n  return x * W', { code: 'weight-type', at: 'symbols[width]', message: 'weights are numbers with dimensions, and not `symbols`' }],
  ['a let with another type', '  let a: bool = 3\n  return x * a', { code: 'static-type', at: 'bool', message: '`a` is a number, which is not what its type says' }],
  ['an odd initial value', '  weight W: [width] ~ uniform(1)\n  return x * W', { code: 'undefined-name', at: 'uniform', message: '`uniform` is not defined' }],
  ['a zero dimension', '  let none = 3 - 3\n  weight W: [none, width]\n  return x * sum[none](W)', { code: 'dimension-not-whole', at: 'let none = 3 - 3', message: '`none` is a dimension, so it must be at least 1, but it is 0' }],
] // prettier-ignore

for (const [title, body, expected] of WRONG) test(title, () => assertOne(ofLayer(block(body)), expected))

const WRONG_OPS: readonly (readonly [string, string, Expected])[] = [
  ['a weight in an op', 'op f(x) {\n  weight W: [a]\n  return x * W\n}', { code: 'weight-in-op', at: 'W', message: 'an op owns no weights, and `W` declares one' }],
  ['a param in an op', 'op f(x) {\n  param a\n  return x\n}', { code: 'param-in-op', at: 'param a', message: 'an op has no params' }],
  ['a block in an op', 'op f(x) = rmsnorm[a](x)', { code: 'block-in-op', at: 'rmsnorm[a]', message: 'an op owns no weights, and the block `rmsnorm` may' }],
  ['an op that calls itself', 'op f(x) = f(x) + 1', { code: 'recursive', at: 'f(x)', message: '`f` contains itself' }],
  ['a gradient for what is no argument', 'op f(x) = x\ngrad(dy) { x: dy, z: dy }', { code: 'unknown-gradient', at: 'z', message: 'there is no argument `z` to give a gradient to' }],
  ['a gradient left out', 'op f(x) = x\ngrad(dy) { }', { code: 'missing-gradient', at: 'grad(dy) { }', message: 'the gradient of `f` leaves out `x`', notes: ['write `x: 0` if nothing flows back to it'] }],
  ['a gradient of another shape', "op f(x: [a]) -> [a] = x\ngrad(dy) { x: dy * dy[a'] }", { code: 'gradient-shape', at: "dy * dy[a']", message: "the gradient of `x` is [a, a'], and `x` itself is [a]" }],
] // prettier-ignore

for (const [title, text, expected] of WRONG_OPS) {
  test(title, () => {
    const b = new Builder()
    const report = new Report()
    applyOp(b, op(page(text), 'f'), [b.input('x', 'data', { dtype: 'f32', dims: [{ name: 'a', size: 3 }] })], report)
    assertOne(report.diagnostics, expected)
  })
}

test('a schedule that is no function of numbers', () => {
  const report = new Report()
  assert.equal(numericOp(op(page('op f(t) = wgsl "return t;"'), 'f'), report), undefined)
  assertOne(report.diagnostics, { code: 'not-a-number', at: 'f', message: '`f` is written in WGSL, so I cannot compute it here' })
})

test('a block that is no model', () => {
  const scope = page('block transformer(x: [time, width]) -> [time, width] {\n  return x\n}')
  const report = new Report()
  assert.equal(elaborateModel(modelSpec(scope, {}), { vocab: 5, report }), undefined)
  assert.deepEqual(report.diagnostics.map((d) => d.code), ['not-a-model']) // prettier-ignore
})
