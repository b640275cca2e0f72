// Random bodies, most of them wrong: elaboration never throws, and where there is no model there is a message.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Report } from '../grammar/diagnostic.ts'
import { parse } from '../grammar/parse.ts'
import { elaborateModel } from '../compiler/elaborate/model.ts'
import { modelSpec, page } from './elaborate-fixture.ts'
import { generator } from './elaborate-transformer.ts'

const random = generator(11)
const pick = <T>(xs: readonly T[]): T => xs[Math.floor(random() * xs.length)]!

const LEAVES = "x y W 1 2.5 width two time pos[time] pos[width] pos[time'] true -1 half silu unknown pi inf 0 x[time']".split(' ')
const DIMS = "time width time' width' head heads hidden unknown time'' two".split(' ')
const FUNCTIONS =
  'exp floor abs bf16 silu not - square mix inner attention swiglu softmax[time] rmsnorm[width] sum[time] mean[width]'.split(' ')

function expr(depth: number): string {
  if (depth === 0) return pick(LEAVES)
  const e = (): string => expr(depth - 1)
  return pick([
    () => `(${e()} ${pick(['+', '-', '*', '/', '^', 'mod', '<', '==', 'and'])} ${e()})`,
    () => `(if ${e()} then ${e()} else ${e()})`,
    () => `${pick(['sum', 'max', 'mean', 'argmax', 'softmax', 'rmsnorm'])}[${pick(DIMS)}](${e()})`,
    () => `${pick(['x', 'y', 'W'])}[${pick(DIMS)}: ${e()} mod ${pick(DIMS)}]`,
    () => `(${e()})[${pick(DIMS)}]`,
    () => `(${pick(FUNCTIONS)}(${e()}))`,
    () => `${pick(['max', 'min', 'pair'])}(${e()}, ${e()})`,
  ])()
}

const program = (): string => `
op square(x) = x ^ 2
grad(dy) { x: ${pick(['2 * x * dy', expr(1), '0'])} }
op mix(x: [time, width]) -> ${pick(['[time, width]', '[time]', 'float', 'time[width]', 'bool[time]'])} = ${expr(1)}
op pair(x: ${pick(['[time]', 'time[width]', 'bool[width]', 'float'])}, y) = ${expr(1)}
block inner(x: [width]) -> [width] {
  let two = 2
  weight W: [width, two]
  y = x
  return ${pick(['x', expr(1)])}
}
block layer(x: [time, width]) -> [time, width] {
  let two = 2
  let half = ${pick(['width / 2', '0.5', expr(1)])}
  weight W: [${pick(['width, two', 'time, width', "width, width'"])}]
  y = ${pick(['x', 'x * half', expr(2)])}
  repeat two {
    y = ${pick(['y', 'y', expr(1)])}
  }
  return ${pick(['x', 'square(x)', 'x + y', 'inner(x)', expr(2)])}
}`

test('elaboration of random bodies', () => {
  let [right, wrong] = [0, 0]
  for (let n = 0; n < 250; n++) {
    const text = program()
    if (parse({ name: 'page.smdm', text }).diagnostics.length > 0) continue
    const scope = page(text)
    const report = new Report()
    const spec = modelSpec(scope, { layers: 1, width: 8, heads: 2, context: 6, layer: scope.code(['layer'])! })
    const model = elaborateModel(spec, { vocab: 5, report })
    assert.equal(model === undefined, report.failed, text)
    if (model === undefined) wrong++
    else right++
  }
  assert.ok(right > 20 && wrong > 100, `${right} were right and ${wrong} wrong`)
})
