// The library's family against the published table: 30 presets, to the last parameter.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Expr, Noun } from '../grammar/ast.ts'
import { Report } from '../grammar/diagnostic.ts'
import { elaborateModel } from '../compiler/elaborate/model.ts'
import { folder, modelSpec, scopeOf } from './elaborate-fixture.ts'

const VOCAB = 32000

/** Millions, parameters without embedding and head, all of the masked model, all of the autoregressive one. */
const TABLE: readonly (readonly [number, number, number, number])[] = [
  [6, 6294784, 22679040, 22678784],
  [19, 18880896, 43457280, 43456896],
  [34, 33563136, 66331648, 66331136],
  [48, 47786688, 84651264, 84650688],
  [66, 65549440, 106510080, 106509440],
  [75, 75387520, 116348160, 116347520],
  [85, 85214080, 126174720, 126174080],
  [113, 113265408, 162418176, 162417408],
  [142, 141581568, 190734336, 190733568],
  [170, 169897728, 219050496, 219049728],
  [180, 179856768, 237201664, 237200768],
  [206, 205550464, 262895360, 262894464],
  [231, 231244160, 288589056, 288588160],
  [268, 268469248, 334006272, 334005248],
  [302, 302027776, 367564800, 367563776],
  [336, 335586304, 401123328, 401122304],
  [472, 471906560, 553827840, 553826560],
  [551, 550557440, 632478720, 632477440],
  [571, 571001728, 661115136, 661113728],
  [629, 629208320, 711129600, 711128320],
  [666, 666168448, 756281856, 756280448],
  [717, 717285888, 815591424, 815589888],
  [761, 761335168, 851448576, 851447168],
  [831, 830541312, 928846848, 928845312],
  [944, 943796736, 1042102272, 1042100736],
  [1028, 1027677952, 1142367744, 1142365952],
  [1233, 1233213184, 1347902976, 1347901184],
  [1476, 1476487168, 1607561216, 1607559168],
  [1678, 1677826048, 1808900096, 1808898048],
  [2121, 2121393280, 2260659456, 2260657280],
]

const scope = scopeOf(folder('std'))
const presets = folder('smdm')
  .flatMap((m) => m.items)
  .filter((d): d is Noun => d.kind === 'noun' && d.name.name === 'preset')

/** The numbers in the record of `model preset(…) = transformer { … }`. */
function settings(value: Expr): Readonly<Record<string, number>> {
  assert.equal(value.kind, 'amend')
  if (value.kind !== 'amend') return {}
  return Object.fromEntries(value.record.fields.map((f) => [f.name.name, f.value?.kind === 'number' ? f.value.value : NaN]))
}

test('the library has the 30 presets of the paper, and no other', () => {
  assert.deepEqual(
    presets.map((p) => (p.case?.kind === 'number' ? p.case.value : p.case)),
    [...TABLE.map(([millions]) => millions)].sort((a, b) => a - b),
  )
})

for (const [millions, nonEmbedding, masked, autoregressive] of TABLE) {
  test(`preset(${millions}M) has the published numbers of parameters`, () => {
    const preset = presets.find((p) => p.case?.kind === 'number' && p.case.value === millions)
    assert.ok(preset)
    for (const causal of [false, true]) {
      const report = new Report()
      // Counts do not depend on the context; a short one keeps the rotary tables small.
      const spec = modelSpec(scope, { ...settings(preset.value), causal, context: 8 })
      const model = elaborateModel(spec, { vocab: VOCAB, report })
      assert.deepEqual(report.diagnostics, [])
      assert.equal(model?.parameters, causal ? autoregressive : masked)
      assert.equal(model.nonEmbedding, nonEmbedding)
      assert.equal(model.causal, causal)
      assert.equal(new Set(model.weights.map((w) => w.name)).size, model.weights.length)
    }
  })
}

test('weights start as in the published code', () => {
  const report = new Report()
  const model = elaborateModel(modelSpec(scope, { layers: 6, heads: 4, width: 256 }), { vocab: VOCAB, report })
  const init = (name: string) => model?.weights.find((w) => w.name === name)?.init
  const wide = { kind: 'normal', std: Math.sqrt(2 / (5 * 256)) }
  const last = { kind: 'normal', std: 1 / Math.sqrt(256) / 6 }
  assert.deepEqual(['E', 'U', 'layers.5.prenorm.attention.Wq', 'layers.0.prenorm.swiglu.Wgate'].map(init), [wide, wide, wide, wide])
  assert.deepEqual(['layers.0.prenorm.attention.Wo', 'layers.5.prenorm.swiglu.Wout'].map(init), [last, last])
  assert.deepEqual(['layers.0.prenorm.rmsnorm.gain', 'layers.0.prenorm.rmsnorm.2.gain', 'rmsnorm.gain'].map(init), Array(3).fill({ kind: 'constant', value: 1 })) // prettier-ignore
  assert.equal(model?.context, 2048)
})
