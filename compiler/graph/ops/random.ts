// The one random op. All three targets compute the same Philox bits: philox.ts on the host and in evaluate,
// `philoxSource` in kernels, unsigned 64-bit integers in ONNX, which has no 32-bit products.
import { bug } from '../../bug.ts'
import { shape, showType, union } from '../dims.ts'
import { MULTIPLIERS, ROUNDS, uniform, WEYL } from '../philox.ts'
import type { OnnxEmitter, Op } from './op.ts'
import { aligned, castTo } from './rules.ts'

const hex = (x: number) => `0x${x.toString(16)}u`

/** WGSL: `philox_uniform(seed, stream, step, sample, position, index) -> f32`. A kernel that draws includes it once. */
export const philoxSource = `fn philox_multiply_high(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let middle = ah * bl + ((al * bl) >> 16u);
  let carry = al * bh + (middle & 0xffffu);
  return ah * bh + (middle >> 16u) + (carry >> 16u);
}
fn philox_uniform(seed: u32, stream: u32, step: u32, sample: u32, position: u32, index: u32) -> f32 {
  var c: vec4<u32> = vec4<u32>(step, sample, position, index);
  var k: vec2<u32> = vec2<u32>(seed, stream);
  for (var round: u32 = 0u; round < ${ROUNDS}u; round++) {
    c = vec4<u32>(
      philox_multiply_high(${hex(MULTIPLIERS[1])}, c.z) ^ c.y ^ k.x,
      ${hex(MULTIPLIERS[1])} * c.z,
      philox_multiply_high(${hex(MULTIPLIERS[0])}, c.x) ^ c.w ^ k.y,
      ${hex(MULTIPLIERS[0])} * c.x);
    k = k + vec2<u32>(${hex(WEYL[0])}, ${hex(WEYL[1])});
  }
  return (f32(c.x >> 9u) + 0.5) * ${2 ** -23};
}
`

/** The same in 64-bit integers that stay below 2^32. */
function philoxOnnx(e: OnnxEmitter, inputs: readonly string[]): string {
  const word = (value: number) => e.constant(value, 'u64')
  const mask = word(0xffffffff)
  const shift = word(32)
  const low = (x: string) => e.emit('BitwiseAnd', [x, mask])
  const high = (x: string) => e.emit('BitShift', [x, shift], { direction: 'RIGHT' })
  const xor = (...xs: string[]) => xs.reduce((x, y) => e.emit('BitwiseXor', [x, y]))
  let [k0, k1, c0, c1, c2, c3] = inputs.map((x) => low(castTo(e, x, 'u64'))) as [string, string, string, string, string, string]
  const factors = MULTIPLIERS.map(word)
  const weyl = WEYL.map(word)
  for (let round = 0; round < ROUNDS; round++) {
    const first = e.emit('Mul', [factors[0]!, c0])
    const second = e.emit('Mul', [factors[1]!, c2])
    ;[c0, c1, c2, c3] = [xor(high(second), c1, k0), low(second), xor(high(first), c3, k1), low(first)]
    k0 = low(e.emit('Add', [k0, weyl[0]!]))
    k1 = low(e.emit('Add', [k1, weyl[1]!]))
  }
  const bits = castTo(e, castTo(e, e.emit('BitShift', [c0, word(9)], { direction: 'RIGHT' }), 'i64'), 'f32')
  return e.emit('Mul', [e.emit('Add', [bits, e.constant(0.5, 'f32')]), e.constant(2 ** -23, 'f32')])
}

export const random: { uniform: Op<'uniform'> } = {
  uniform: {
    name: 'uniform',
    doc: 'A number strictly between 0 and 1 from (seed, stream, step, sample, position, index): the same for the same six.',
    type: (inputs) => {
      if (inputs.length !== 6 || inputs.some((t) => t.dtype !== 'i32' && t.dtype !== 'u32'))
        bug(`cannot draw from ${inputs.map(showType).join(', ')}`)
      return { dtype: 'f32', dims: union(inputs) }
    },
    scalar: (seed, stream, step, sample, position, index) => uniform(seed, stream, step, sample, position, index),
    wgsl: (args) => `philox_uniform(${args.map((x) => `u32(${x})`).join(', ')})`,
    onnx: (e, node, inputs) => philoxOnnx(e, aligned(e, node, inputs)),
    examples: [
      {
        inputs: [
          shape('i32'),
          shape('i32'),
          shape('i32'),
          shape('i32', { batch: 2 }),
          shape('i32', { time: 3 }),
          shape('i32', { vocab: 4 }),
        ],
        attrs: undefined,
        range: [0, 1000],
      },
    ],
  },
}
