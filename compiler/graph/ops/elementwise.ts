// Arithmetic on single numbers, over the union of the operands' dims; integers wrap. Also cast and select.
import { bug } from '../../bug.ts'
import { shape, showType, union } from '../dims.ts'
import type { BinaryOp, Dtype, UnaryOp } from '../graph.ts'
import type { Op } from './op.ts'
import { aligned, castTo, floats, infix, named, numbers, one, standard, two } from './rules.ts'

type Name =
  Exclude<UnaryOp, 'not' | 'finite'> | Extract<BinaryOp, 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'mod' | 'min' | 'max'> | 'cast' | 'select'

/** WGSL: `power_f32(x, y)`, or of another type. Its own `pow` means nothing for negative bases, and may do so for 0 to the power of 0. */
export const powerSource = (dtype: Dtype): string => `fn power_${dtype}(x: ${dtype}, y: ${dtype}) -> ${dtype} {
  if (y == 0.0) { return 1.0; }
  let size = pow(abs(x), y);
  if (x >= 0.0) { return size; }
  if (floor(y) != y) { return sqrt(x); }
  return select(size, -size, 2.0 * floor(0.5 * y) != y);
}
`

export const elementwise: { [K in Name]: Op<K> } = {
  neg: {
    name: 'neg',
    doc: 'The number with its sign turned.',
    type: numbers,
    grad: (b, _node, _inputs, _y, dy) => [b.unary('neg', dy)],
    scalar: (x) => -x,
    wgsl: ([x]) => `(-${x!})`,
    onnx: standard('Neg'),
    examples: one(),
  },
  exp: {
    name: 'exp',
    doc: 'e to the power of the number.',
    type: floats,
    grad: (b, _node, _inputs, y, dy) => [b.binary('mul', dy, y)],
    scalar: Math.exp,
    // WGSL has no infinities: gradients, such as that of 1 / (1 + exp(-x)), multiply what overflows by 0. What is no number stays none,
    // which it need not through `min`.
    wgsl: ([x], { type }) => {
      const most = type.dtype === 'f16' ? '11.0' : '88.7'
      return `exp(select(${x!}, ${most}, ${x!} > ${most}))`
    },
    onnx: standard('Exp'),
    examples: one(),
  },
  log: {
    name: 'log',
    doc: 'Natural logarithm.',
    type: floats,
    grad: (b, _node, [x], _y, dy) => [b.binary('div', dy, x!)],
    scalar: Math.log,
    wgsl: named('log'),
    onnx: standard('Log'),
    examples: one([0.2, 3]),
  },
  sqrt: {
    name: 'sqrt',
    doc: 'Square root.',
    type: floats,
    grad: (b, _node, _inputs, y, dy) => [b.binary('div', b.binary('mul', dy, 0.5), y)],
    scalar: Math.sqrt,
    wgsl: named('sqrt'),
    onnx: standard('Sqrt'),
    examples: one([0.2, 3]),
  },
  sin: {
    name: 'sin',
    doc: 'Sine of an angle in radians.',
    type: floats,
    grad: (b, _node, [x], _y, dy) => [b.binary('mul', dy, b.unary('cos', x!))],
    scalar: Math.sin,
    wgsl: named('sin'),
    onnx: standard('Sin'),
    examples: one(),
  },
  cos: {
    name: 'cos',
    doc: 'Cosine of an angle in radians.',
    type: floats,
    grad: (b, _node, [x], _y, dy) => [b.unary('neg', b.binary('mul', dy, b.unary('sin', x!)))],
    scalar: Math.cos,
    wgsl: named('cos'),
    onnx: standard('Cos'),
    examples: one(),
  },
  tanh: {
    name: 'tanh',
    doc: 'Hyperbolic tangent.',
    type: floats,
    grad: (b, _node, _inputs, y, dy) => [b.binary('mul', dy, b.binary('sub', 1, b.binary('mul', y, y)))],
    scalar: Math.tanh,
    // Some drivers overflow beyond 40, where tanh is 1 anyway.
    wgsl: ([x]) => `tanh(clamp(${x!}, -15.0, 15.0))`,
    onnx: standard('Tanh'),
    examples: one(),
  },
  abs: {
    name: 'abs',
    doc: 'The number without its sign.',
    type: numbers,
    grad: (b, _node, [x], _y, dy) => [b.select(b.binary('lt', x!, 0), b.unary('neg', dy), dy)],
    scalar: Math.abs,
    wgsl: named('abs'),
    onnx: standard('Abs'),
    examples: one(),
  },
  floor: {
    name: 'floor',
    doc: 'The next whole number below.',
    type: floats,
    scalar: Math.floor,
    wgsl: named('floor'),
    onnx: standard('Floor'),
    examples: one(),
  },
  ceil: {
    name: 'ceil',
    doc: 'The next whole number above.',
    type: floats,
    scalar: Math.ceil,
    wgsl: named('ceil'),
    onnx: standard('Ceil'),
    examples: one(),
  },
  round: {
    name: 'round',
    doc: 'The nearest whole number; of two equally near ones, the even.',
    type: floats,
    scalar: (x) => {
      const down = Math.floor(x)
      const rest = x - down
      return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : rest >= 0.5 ? down + 1 : x
    },
    wgsl: named('round'),
    onnx: standard('Round'),
    examples: one(),
  },
  bf16: {
    name: 'bf16',
    doc: 'The nearest bfloat16 value, ties to even. The gradient passes straight through.',
    type: floats,
    grad: (_b, _node, _inputs, _y, dy) => [dy],
    scalar: (x) => {
      if (Number.isNaN(x)) return x
      const view = new DataView(new ArrayBuffer(4))
      view.setFloat32(0, x)
      const bits = view.getUint32(0)
      view.setUint32(0, (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000)
      return view.getFloat32(0)
    },
    wgsl: ([x]) => `bitcast<f32>((bitcast<u32>(${x!}) + 0x7fffu + ((bitcast<u32>(${x!}) >> 16u) & 1u)) & 0xffff0000u)`,
    onnx: (e, node, inputs) => castTo(e, castTo(e, aligned(e, node, inputs)[0]!, 'bf16'), 'f32'),
    examples: one(),
  },
  add: {
    name: 'add',
    doc: 'Sum of two numbers.',
    type: numbers,
    grad: (_b, _node, _inputs, _y, dy) => [dy, dy],
    scalar: (x, y) => x + y,
    wgsl: infix('+'),
    onnx: standard('Add'),
    examples: two(),
  },
  sub: {
    name: 'sub',
    doc: 'Difference of two numbers.',
    type: numbers,
    grad: (b, _node, _inputs, _y, dy) => [dy, b.unary('neg', dy)],
    scalar: (x, y) => x - y,
    wgsl: infix('-'),
    onnx: standard('Sub'),
    examples: two(),
  },
  mul: {
    name: 'mul',
    doc: 'Product of two numbers.',
    type: numbers,
    grad: (b, _node, [x, y], _product, dy) => [b.binary('mul', dy, y!), b.binary('mul', dy, x!)],
    scalar: (x, y) => x * y,
    wgsl: infix('*'),
    onnx: standard('Mul'),
    examples: two(),
  },
  div: {
    name: 'div',
    doc: 'Quotient of two numbers; of integers, towards zero.',
    type: numbers,
    grad: (b, _node, [, divisor], y, dy) => {
      const dx = b.binary('div', dy, divisor!)
      return [dx, b.unary('neg', b.binary('mul', dx, y))]
    },
    scalar: (x, y) => x / y,
    wgsl: infix('/'),
    onnx: standard('Div'),
    examples: two([0.5, 2]),
  },
  pow: {
    name: 'pow',
    doc: 'The first number to the power of the second: of a negative one, to whole powers alone.',
    type: floats,
    grad: (b, _node, [x, exponent], y, dy) => [
      b.binary('mul', dy, b.binary('mul', exponent!, b.binary('pow', x!, b.binary('sub', exponent!, 1)))),
      b.select(b.binary('gt', x!, 0), b.binary('mul', dy, b.binary('mul', y, b.unary('log', x!))), 0),
    ],
    scalar: (x, y) => x ** y,
    wgsl: (args, { type }) => named(`power_${type.dtype}`)(args),
    onnx: standard('Pow'),
    examples: two([0.3, 2]),
  },
  mod: {
    name: 'mod',
    doc: 'Remainder with the sign of the divisor: x - y * floor(x / y).',
    type: numbers,
    grad: (b, _node, [x, divisor], _y, dy) => [dy, b.unary('neg', b.binary('mul', dy, b.unary('floor', b.binary('div', x!, divisor!))))],
    scalar: (x, y) => {
      const rest = x % y
      return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest
    },
    wgsl: ([x, y], node) =>
      node.type.dtype === 'u32'
        ? `(${x!} % ${y!})`
        : node.type.dtype === 'i32'
          ? `((${x!} % ${y!} + ${y!}) % ${y!})`
          : `(${x!} - ${y!} * floor(${x!} / ${y!}))`,
    onnx: (e, node, inputs) => {
      if (node.type.dtype !== 'f32') return standard('Mod')(e, node, inputs)
      const [x, y] = aligned(e, node, inputs)
      return e.emit('Sub', [x!, e.emit('Mul', [y!, e.emit('Floor', [e.emit('Div', [x!, y!])])])])
    },
    examples: two([0.6, 2.9]),
  },
  min: {
    name: 'min',
    doc: 'The smaller of two numbers.',
    type: numbers,
    grad: (b, _node, [x, y], _y, dy) => {
      const first = b.binary('lt', x!, y!)
      return [b.select(first, dy, 0), b.select(first, 0, dy)]
    },
    scalar: Math.min,
    wgsl: named('min'),
    onnx: standard('Min'),
    examples: two(),
  },
  max: {
    name: 'max',
    doc: 'The greater of two numbers.',
    type: numbers,
    grad: (b, _node, [x, y], _y, dy) => {
      const first = b.binary('gt', x!, y!)
      return [b.select(first, dy, 0), b.select(first, 0, dy)]
    },
    scalar: Math.max,
    wgsl: named('max'),
    onnx: standard('Max'),
    examples: two(),
  },
  cast: {
    name: 'cast',
    doc: "The same value in the node's dtype: float to integer truncates, a bool is 0 or 1.",
    // The dtype is the node's own, so the builder is given the type; here only the dims can be told.
    type: ([x]) => x!,
    grad: (b, _node, [x], _y, dy) => [x!.type.dtype === 'f32' || x!.type.dtype === 'f16' ? b.cast(dy, x!.type.dtype) : undefined],
    scalar: (x) => x,
    wgsl: ([x], node) => `${node.type.dtype}(${x!})`,
    onnx: (e, node, inputs) => castTo(e, aligned(e, node, inputs)[0]!, node.type.dtype),
    examples: one(),
  },
  select: {
    name: 'select',
    doc: 'The second operand where the first holds, else the third.',
    type: (inputs) => {
      const [test, then, otherwise] = inputs
      if (test!.dtype !== 'bool' || then!.dtype !== otherwise!.dtype) bug(`cannot select from ${inputs.map(showType).join(', ')}`)
      return { dtype: then!.dtype, dims: union(inputs) }
    },
    grad: (b, _node, [test], _y, dy) => [undefined, b.select(test!, dy, 0), b.select(test!, 0, dy)],
    scalar: (test, then, otherwise) => (test ? then : otherwise),
    wgsl: ([test, then, otherwise]) => `select(${otherwise!}, ${then!}, ${test!})`,
    onnx: (e, node, inputs) => {
      const [test, then, otherwise] = aligned(e, node, inputs)
      // Where has no kernel for truth values and u32.
      const dtype = node.type.dtype
      if (dtype !== 'bool' && dtype !== 'u32') return e.emit('Where', [test!, then!, otherwise!])
      return castTo(e, e.emit('Where', [test!, castTo(e, then!, 'i64'), castTo(e, otherwise!, 'i64')]), dtype)
    },
    examples: [
      { inputs: [shape('bool', { time: 3 }), shape('f32', { time: 3, width: 4 }), shape('f32')], attrs: undefined },
      { inputs: [shape('bool', { time: 3, width: 4 }), shape('f32', { width: 4 }), shape('f32', { time: 3 })], attrs: undefined },
    ],
  },
}
