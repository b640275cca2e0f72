// Random pages that are nearly right: ops, a block, data, and stages on them. A tame page keeps to what fits, so that the end of
// the check is reached; a wild one has sizes beyond all bounds and formulas of anything.
import { extremes } from './mutate.ts'
import type { Random } from './random.ts'

interface Writer {
  readonly r: Random
  readonly tame: boolean
}

const dims = "time width time' heads head symbols vocab n".split(' ')
const leaves = "x x x y W 1 2.5 0 width n time pos[time] x[time'] true half pi inf 1e300 constructor".split(' ')
const functions = 'exp log floor silu square halve softmax[time] softmax[width] rmsnorm[width] sum[time] mean[width] attention swiglu odd'
const operators = ['+', '-', '*', '/', '^', 'mod', '<', '==', 'and', 'or']

/** Any formula. */
function formula(r: Random, depth: number): string {
  if (depth === 0) return r.pick(leaves)
  const inner = (): string => formula(r, depth - 1)
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

/** One of what fits; on a wild page now and then something else. */
function fitting({ r, tame }: Writer, right: readonly string[], wrong: () => string): string {
  return tame || !r.once(4) ? r.pick(right) : wrong()
}
const size = (w: Writer, ...right: readonly string[]): string => fitting(w, right, () => w.r.pick(extremes))
const some = (w: Writer, text: string): string => (w.r.once(2) ? text : '')

function ops(w: Writer): string {
  const { r } = w
  const any = (): string => formula(r, 1)
  return `op square(x) = x ^ 2
${some(w, `grad(dy) { x: ${fitting(w, ['2 * x * dy', 'dy'], any)} }`)}
op halve(x) = ${fitting(w, ['x / 2', 'wgsl "return x / 2.0;"\ngrad(dy) { x: dy / 2 }', 'max(x, 0) * 0.5'], any)}
op odd(x, y = ${fitting(w, ['1', '2.5'], any)}) = ${fitting(w, ['x + y', 'if x > y then x else y', '-x'], any)}
op noise(t) = ${fitting(w, ['t', 't ^ 2', 'sin(pi / 2 * t)'], () => any().replaceAll('x', 't'))}
op sure(p: [vocab]) -> float = ${fitting(w, ['max[vocab](p)', '-sum[vocab](p * log(p + 1e-9))'], () => any().replaceAll('x', 'p'))}
`
}

function block(w: Writer): string {
  const any = (depth: number) => () => formula(w.r, depth)
  const init = fitting(w, ['normal(0.02)', '1', '0'], any(1))
  return `block layer(x: [time, width]) -> [time, width] {
  param n = ${size(w, '2', '4', 'width / 2', 'width')}
  let half = ${fitting(w, ['0.5', 'n / 2'], any(1))}
  weight W: [width, n] ${some(w, `~ ${init}`)}
  y = ${fitting(w, ['x', 'rmsnorm[width](x)', 'attention(x)', 'x * half'], any(2))}
  repeat ${size(w, '2', 'n', '(n / 2)')} {
    weight V: [width]
    y = ${fitting(w, ['y', 'y * V', 'halve(y) + x', 'square(y) * V'], any(1))}
  }
  return ${fitting(w, ['x + y', 'x + square(y)', 'x + sum[n](sum[width](y * W) * W)'], any(2))}
}
`
}

function model(w: Writer): string {
  const sizes = `layers: ${size(w, '1', '2')}, width: ${size(w, '8', '16')}, heads: ${size(w, '2', '4')}, context: ${size(w, '8', '16')}`
  return `transformer { ${sizes} ${some(w, `hidden: ${size(w, '8', '16')}`)} ${some(w, 'layer: layer')} }`
}

function stages(w: Writer): string {
  const { r } = w
  const objective = r.pick(['masked { schedule: noise }', 'masked { floor: 0.1 }', w.tame ? 'masked' : 'next_token'])
  const prompt = fitting(w, ['Once', '{{', '', 'a\\n'], () => r.pick(['{x}', '{3 tokens}', '{', 'a prompt that is too long for it']))
  const sampler = r.pick([`confidence { steps: ${size(w, '2', '4')}, order: sure }`, `ancestral { steps: ${size(w, '2', '8')} }`])
  return `train t = ${fitting(w, ['smdm.pretrain', 'smdm.scripts'], () => r.pick(['smdm.finetune', 'u', 't']))} {
  model: ${model(w)}
  data: tales
  batch: ${size(w, '2', '4')} ${fitting(w, ['sequences'], () => 'tokens')}
  budget: ${size(w, '200', '300')} ${fitting(w, ['steps'], () => r.pick(['tokens', 'flops', 'epochs', 'sequences', '']))}
  ${some(w, `objective: ${objective}`)}
  ${some(w, `optimizer { lr: ${size(w, '1e-3', '2e-4')}, warmup: ${size(w, '10', '20')} ${fitting(w, ['steps'], () => 'tokens')} }`)}
  ${some(w, `random_length: ${size(w, '1%', '50%')}`)}
}
${some(w, `train v = t { from: t, budget: 150 steps }`)}
${some(w, `sample s { from: t, prompt: "${prompt}", length: ${size(w, '6', '8')} tokens, sampler: ${sampler} }`)}
${some(w, `eval e { from: t, data: tales.validation, metric: likelihood { samples: ${size(w, '8', '16')} } }`)}
${some(w, `sweep g { over { wide: [${size(w, '8', '16')}, 24], lr: [1e-3, 1e-4] }, run: t { model { width: wide }, optimizer { lr: lr } } }`)}
`
}

export function page(r: Random): string {
  const w = { r, tame: r.once(2) }
  return `use smdm
${some(w, `let depth = ${size(w, '2', '4')}`)}
${some(w, `param p: float = ${size(w, '3', '0.5')}`)}
data tales = text("tales.txt") { tokenizer: bytes, validation: ${size(w, '1%', '50%')} }
${ops(w)}${block(w)}${stages(w)}`
}
