// Random pages that are nearly right: a block of a model, ops, data, and stages on them, with sizes that are often small and now
// and then beyond all bounds. Most get through the parser, many into elaboration, some to the end of the check.
import { extremes } from './mutate.ts'
import type { Random } from './random.ts'

const dims = "time width time' heads head symbols vocab n".split(' ')
const leaves = "x x x y W 1 2.5 0 width n time pos[time] x[time'] true half pi inf 1e300 constructor".split(' ')
const functions = 'exp log floor silu square halve softmax[time] softmax[width] rmsnorm[width] sum[time] mean[width] attention swiglu odd'
const operators = ['+', '-', '*', '/', '^', 'mod', '<', '==', 'and', 'or']

function expr(r: Random, depth: number): string {
  if (depth === 0) return r.pick(leaves)
  const inner = (): string => expr(r, depth - 1)
  switch (r.below(8)) {
    case 0:
      return `(${inner()} ${r.pick(operators)} ${inner()})`
    case 1:
      return `(if ${inner()} then ${inner()} else ${inner()})`
    case 2:
      return `${r.pick(['sum', 'max', 'min', 'mean', 'argmax', 'softmax'])}[${r.pick(dims)}](${inner()})`
    case 3:
      return `${r.pick(['x', 'y', 'W'])}[${r.pick(dims)}: ${inner()} mod ${r.pick(dims)}]`
    case 4:
      return r.pick([`max(${inner()}, ${inner()})`, `odd(${inner()}, x: ${inner()})`, `(-${inner()})`, `not ${inner()}`])
    default:
      return `${r.pick(functions.split(' '))}(${inner()})`
  }
}

/** A size: small mostly, so that the model stays cheap to check. */
const size = (r: Random, ...usual: readonly string[]): string => (r.once(12) ? r.pick(extremes) : r.pick(usual))
const some = (r: Random, text: string): string => (r.once(2) ? text : '')

function ops(r: Random): string {
  return `op square(x) = x ^ 2
${some(r, `grad(dy) { x: ${r.pick(['2 * x * dy', 'dy', expr(r, 1)])} }`)}
op halve(x) = ${r.pick(['x / 2', 'wgsl "return x / 2.0;"\ngrad(dy) { x: dy / 2 }', expr(r, 1)])}
op odd(x${some(r, ': [time]')}, y = ${expr(r, 1)}) ${some(r, '-> [time]')} = ${expr(r, 1)}
op noise(t) = ${r.pick(['t', 't ^ 2', '1 - t', 'cos(pi / 2 * (1 - t))', expr(r, 1).replaceAll('x', 't')])}
`
}

function block(r: Random): string {
  return `block layer(x: [time, width]) -> [time, width] {
  param n = ${size(r, '2', '4', 'width / 2', 'width')}
  ${some(r, 'param width')}
  let half = ${size(r, '0.5', 'n / 2', expr(r, 1))}
  weight W: [${r.pick(['width, n', 'n, width', 'time, width', "width, width'"])}] ${some(r, `~ ${r.pick(['normal(0.02)', '1', 'n', expr(r, 1)])}`)}
  y = ${r.pick(['x', 'sum[width](x * W)', expr(r, 2)])}
  repeat ${size(r, '2', 'n', '(n / 2)')} {
    y = ${r.pick(['y', 'y * 2', expr(r, 1)])}
    ${some(r, 'weight V: [width]')}
  }
  return ${r.pick(['x', 'x + square(x)', 'x + sum[n](y * W)', expr(r, 2)])}
}
`
}

function model(r: Random): string {
  const sizes = `layers: ${size(r, '1', '2')}, width: ${size(r, '8', '12')}, heads: ${size(r, '2', '4')}`
  const rest = `context: ${size(r, '6', '16')} ${some(r, `hidden: ${size(r, '8', '16')}`)} ${some(r, r.pick(['layer: layer', 'causal: true']))}`
  return `transformer { ${sizes}, ${rest} }`
}

function stages(r: Random): string {
  const budget = `${size(r, '10', '100')} ${r.pick(['steps', 'tokens', 'flops', 'epochs', 'sequences', ''])}`
  const template = r.pick(['Once', '{x}', '{{', '{3 tokens}', '', 'a\\n', '{'])
  return `train t = ${r.pick(['smdm.pretrain', 'smdm.scripts', 'smdm.finetune', 'u'])} {
  model: ${model(r)}
  data: tales
  batch: ${size(r, '2', '4')} ${r.pick(['sequences', 'sequences', 'tokens'])}
  budget: ${budget}
  ${some(r, `objective: ${r.pick(['next_token', 'masked { schedule: noise }', 'masked { floor: 0.1 }', 'masked { weight: odd }'])}`)}
  ${some(r, `optimizer { lr: ${size(r, '1e-3', '0')}, warmup: ${size(r, '1', '10')} ${r.pick(['steps', 'tokens', ''])} }`)}
  ${some(r, `random_length: ${size(r, '1%', '50%')}`)}
}
${some(r, `train u { model: ${model(r)}, data: tales, batch: 2 sequences, budget: 4 steps, from: t }`)}
${some(r, `sample s { from: t, prompt: "${template}", length: ${size(r, '4', '6')} tokens, sampler: confidence { steps: ${size(r, '2', '4')} } }`)}
${some(r, `eval e { from: t, data: tales.validation, metric: likelihood { samples: ${size(r, '8', '16')} } }`)}
${some(r, `sweep g { over { size: [${size(r, '8', '12')}, 8], lr: [1e-3, 1e-4] }, run: t { model { width: size } } }\nfit f { runs: g }`)}
`
}

export function page(r: Random): string {
  return `use smdm
${some(r, `let n = ${size(r, '2', '4')}`)}
${some(r, `param p: float = ${size(r, '3', '1 steps')}`)}
data tales = text("tales.txt") { tokenizer: bytes, validation: ${size(r, '1%', '50%')} }
${ops(r)}${block(r)}${stages(r)}`
}
