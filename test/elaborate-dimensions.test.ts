// Named dimensions through everything that can carry them: ops and blocks of a page, repeat, primes, reductions, lookups. Each rule of
// the language once as it should be, and once as it should not, with what is said and where.
import assert from 'node:assert/strict'
import test from 'node:test'
import { textOf } from '../grammar/source.ts'
import { checked, page, shown, trainOf } from './helpers/check.ts'

/** A page whose layers are the block `layer` with this body; `more` stands beside it. */
function withLayer(body: string, more = ''): string {
  const layer = `block layer(x: [time, width]) -> [time, width] {\n${body}\n}`
  return page('', `${layer}\n${more}`).replace('layers: 2', 'layers: 2, width: 32, heads: 2, hidden: 48, layer: layer')
}

const RIGHT: readonly (readonly [what: string, body: string, more?: string])[] = [
  ['a product spreads, and a sum over what is extra brings it back', 'weight W: [width, hidden]\n weight V: [hidden, width]\n return x + sum[hidden](sum[width](x * W) * V)'], // prettier-ignore
  ['a sum takes a side that fits into the other', 'weight b: [width]\n return x + b + 1'],
  ['two primes are two walks', "s = sum[width](x * x[time'] * x[time''])\n return x + sum[time', time''](s) / time / time"],
  ['a walk inside a walk', "y = x[time'] - mean[time''](x[time''])\n return x + mean[time'](y)"],
  ['a prime goes through an op of the page', "return x + mean[time'](twice(x[time']))", 'op twice(x: [width]) -> [width] = x + x'],
  ['an op with a dimension in brackets', 'return centred[width](x)', 'op centred[d](x: [d]) -> [d] = x - mean[d](x)'],
  ['the bracket may be a primed one', "return x + mean[time'](centred[time'](x[time']))", 'op centred[d](x: [d]) -> [d] = x - mean[d](x)'],
  ['a block is lifted over what it does not mention', "return x + mean[time'](inner(x[time']))", 'block inner(x: [width]) -> [width] {\n weight g: [width] ~ 1\n return x * g\n}'], // prettier-ignore
  ['repeat makes weights of its own at each turn', 'y = x\n repeat 3 {\n weight g: [width]\n y = y * g\n }\n return y'],
  ['reductions over several dimensions', 'm = mean[time, width](x)\n return x - m'],
  ['an index by mod rotates', 'return x + x[width: (pos[width] + 3) mod width]'],
  ['a constant index picks', 'return x + x[time: 0]'],
  ['positions and sizes', 'return x * (1 + pos[time] / time)'],
  ['a static condition compiles one branch', 'param causal\n return if causal then x[width: 99] else x'],
  ['a condition on tensors', "return x + mean[time'](if pos[time'] > pos[time] then 0 else x[time'])"],
  [
    'a let that a type mentions is a dimension',
    'let half = width / 2\n weight W: [width, half]\n return x + mean[half](sum[width](x * W))',
  ],
  ['a param comes from the nearest caller', 'return x + inner(x)', 'block inner(x: [width]) -> [width] {\n param hidden\n weight W: [width, hidden]\n return mean[hidden](sum[width](x * W)) + 0 * x\n}'], // prettier-ignore
]

for (const [what, body, more] of RIGHT) {
  test(what, () => {
    const { model } = trainOf(withLayer(body, more))
    assert.ok(model.parameters > 0)
  })
}

test('weights of a repeat are counted a turn each', () => {
  const turns = (n: number) => trainOf(withLayer(`y = x\n repeat ${n} {\n weight g: [width]\n y = y * g\n }\n return y`)).model
  assert.equal(turns(5).nonEmbedding - turns(2).nonEmbedding, 3 * 32 * 2)
  assert.equal(new Set(turns(5).weights.map((w) => w.name)).size, turns(5).weights.length)
})

const WRONG: readonly (readonly [code: string, place: string, message: RegExp, body: string, more?: string])[] = [
  ['cannot-add', 'x + sum[width](x * W)', /`width` \(32\).*`hidden` \(48\)/, 'weight W: [width, hidden]\n return x + sum[width](x * W)'],
  ['leftover-dimension', 'sum[width](x * W)', /`hidden` is left over/, 'weight W: [width, hidden]\n return sum[width](x * W)'],
  ['cannot-add', "x + x[time']", /`time` \(64\).*`time'` \(64\)/, "return x + x[time']"],
  ['index-out-of-range', 'pos[time] - 1', /keep it inside/, 'return x + x[time: pos[time] - 1]'],
  ['no-such-dimension', 'hidden', /there is no `hidden` here: this is \[batch, time, width\]/, 'return x + mean[hidden](x)'],
  ['dimension-not-whole', 'let third = width / 3', /10\.66|10\.67/, 'let third = width / 3\n weight W: [width, third]\n return x + mean[third](sum[width](x * W))'], // prettier-ignore
  ['recursive', 'layer(x)', /layer → layer/, 'return x + layer(x)'],
]

for (const [code, place, message, body, more] of WRONG) {
  test(`${code}: ${body.replaceAll('\n', ';')}`, () => {
    const { diagnostics } = checked(withLayer(body, more))
    assert.deepEqual([...new Set(diagnostics.map((d) => d.code))], [code], shown(diagnostics))
    assert.equal(textOf(diagnostics[0]!.span), place)
    assert.match([diagnostics[0]!.message, ...diagnostics[0]!.notes].join('\n'), message)
  })
}

test('inside repeat a variable keeps its dimensions', () => {
  const { diagnostics } = checked(withLayer("y = x\n repeat 2 {\n y = y * x[time']\n }\n return x + mean[time'](y)"))
  assert.equal(diagnostics.length, 1, shown(diagnostics))
  assert.match(shown(diagnostics), /time'/)
})
