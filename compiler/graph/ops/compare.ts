// Comparisons and logic: bool results, over the union of the operands' dims. Nothing here has a gradient.
import type { BinaryOp } from '../graph.ts'
import type { Op } from './op.ts'
import { aligned, comparison, floats, infix, logic, one, standard, two } from './rules.ts'

type Name = Extract<BinaryOp, 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'and' | 'or'> | 'not' | 'finite'

const whole = [...two([0, 2], 'i32'), ...two()]

export const compare: { [K in Name]: Op<K> } = {
  eq: {
    name: 'eq',
    doc: 'Whether both are equal.',
    type: comparison,
    scalar: (x, y) => Number(x === y),
    wgsl: infix('=='),
    onnx: standard('Equal'),
    examples: whole,
  },
  ne: {
    name: 'ne',
    doc: 'Whether both differ.',
    type: comparison,
    scalar: (x, y) => Number(x !== y),
    wgsl: infix('!='),
    onnx: (e, node, inputs) => e.emit('Not', [standard('Equal')(e, node, inputs)]),
    examples: whole,
  },
  lt: {
    name: 'lt',
    doc: 'Whether the first is less than the second.',
    type: comparison,
    scalar: (x, y) => Number(x < y),
    wgsl: infix('<'),
    onnx: standard('Less'),
    examples: whole,
  },
  le: {
    name: 'le',
    doc: 'Whether the first is at most the second.',
    type: comparison,
    scalar: (x, y) => Number(x <= y),
    wgsl: infix('<='),
    onnx: standard('LessOrEqual'),
    examples: whole,
  },
  gt: {
    name: 'gt',
    doc: 'Whether the first is greater than the second.',
    type: comparison,
    scalar: (x, y) => Number(x > y),
    wgsl: infix('>'),
    onnx: standard('Greater'),
    examples: whole,
  },
  ge: {
    name: 'ge',
    doc: 'Whether the first is at least the second.',
    type: comparison,
    scalar: (x, y) => Number(x >= y),
    wgsl: infix('>='),
    onnx: standard('GreaterOrEqual'),
    examples: whole,
  },
  and: {
    name: 'and',
    doc: 'Whether both hold.',
    type: logic,
    scalar: (x, y) => Number(x !== 0 && y !== 0),
    wgsl: infix('&&'),
    onnx: standard('And'),
    examples: two([0, 1], 'bool'),
  },
  or: {
    name: 'or',
    doc: 'Whether one of both holds.',
    type: logic,
    scalar: (x, y) => Number(x !== 0 || y !== 0),
    wgsl: infix('||'),
    onnx: standard('Or'),
    examples: two([0, 1], 'bool'),
  },
  not: {
    name: 'not',
    doc: 'Whether it does not hold.',
    type: logic,
    scalar: (x) => Number(x === 0),
    wgsl: ([x]) => `(!${x!})`,
    onnx: (e, node, inputs) => e.emit('Not', aligned(e, node, inputs)),
    examples: one([0, 1], 'bool'),
  },
  finite: {
    name: 'finite',
    doc: 'Whether a number is neither infinite nor NaN.',
    type: (inputs) => ({ dtype: 'bool', dims: floats(inputs).dims }),
    scalar: (x) => Number(Number.isFinite(x)),
    // By the exponent's bits: drivers may compare as if there were no such numbers.
    wgsl: ([x]) => `((bitcast<u32>(f32(${x!})) & 0x7f800000u) != 0x7f800000u)`,
    onnx: (e, node, inputs) => {
      const [x] = aligned(e, node, inputs)
      return e.emit('Not', [e.emit('Or', [e.emit('IsNaN', [x!]), e.emit('IsInf', [x!])])])
    },
    examples: one(),
  },
}
