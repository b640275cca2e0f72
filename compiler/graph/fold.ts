// What the builder makes of a node before it is one: the simpler value that always equals it, if there is one.
// Local rules only, each looking one or two nodes down. Products with 0 are 0, also of infinities.
import { find, names, sameDims, sameType, without } from './dims.ts'
import type { AttributesOf, Dim, OpName, Type } from './graph.ts'
import { meaning } from './meaning.ts'
import type { Build, Value } from './ops/op.ts'
import { opOf } from './ops/table.ts'
import { count } from './tensor.ts'

/** The number that every element of a value is, where the graph says so. */
export function constantOf(b: Build, x: Value): number | undefined {
  const node = b.node(x)
  if (node.op === 'constant') return node.attrs.value
  return node.op === 'broadcast' ? constantOf(b, source(b, x)) : undefined
}

/** What a broadcast repeats or permutes; other values are their own. */
function source(b: Build, x: Value): Value {
  const node = b.node(x)
  return node.op === 'broadcast' ? input(b, x, 0) : x
}

function input(b: Build, x: Value, i: number): Value {
  return b.value(b.node(x).inputs[i]!)
}

const is = (b: Build, x: Value, op: OpName) => b.node(x).op === op
const isFloat = (type: Type) => type.dtype === 'f32' || type.dtype === 'f16'

export function fold<K extends OpName>(b: Build, op: K, inputs: readonly Value[], attrs: AttributesOf<K>, type: Type): Value | undefined {
  const same = opOf(op).scalar ? foldElementwise(b, op, inputs, type) : moving[op]?.(b, inputs[0]!, attrs, type)
  if (!same || same.type.dtype !== type.dtype) return undefined
  return sameType(same.type, type) ? same : b.broadcast(same, type.dims)
}

function foldElementwise(b: Build, op: OpName, inputs: readonly Value[], type: Type): Value | undefined {
  const numbers = inputs.map((x) => constantOf(b, x))
  if (op !== 'uniform' && numbers.every((x) => x !== undefined)) {
    const value = meaning(op, type.dtype)(...numbers)
    if (!Number.isNaN(value)) return b.constant(value, type.dtype)
  }
  return arithmetic[op]?.(b, inputs, numbers, type) ?? foldRepeated(b, op, inputs, type)
}

type Rule = (b: Build, inputs: readonly Value[], numbers: readonly (number | undefined)[], type: Type) => Value | undefined

/** `numbers[i]`: the constant that the i-th input is. */
const arithmetic: Readonly<Partial<Record<OpName, Rule>>> = {
  neg: (b, [x]) => {
    if (is(b, x!, 'neg')) return input(b, x!, 0)
    return is(b, x!, 'sub') ? b.binary('sub', input(b, x!, 1), input(b, x!, 0)) : undefined
  },
  not: (b, [x]) => (is(b, x!, 'not') ? input(b, x!, 0) : undefined),
  add: (b, [x, y], [m, n]) => {
    if (n === 0) return x
    if (m === 0) return y
    if (is(b, y!, 'neg')) return b.binary('sub', x!, input(b, y!, 0))
    return is(b, x!, 'neg') ? b.binary('sub', y!, input(b, x!, 0)) : undefined
  },
  sub: (b, [x, y], [m, n]) => {
    if (n === 0) return x
    if (m === 0) return b.unary('neg', y!)
    return is(b, y!, 'neg') ? b.binary('add', x!, input(b, y!, 0)) : undefined
  },
  mul: (b, [x, y], [m, n], type) => {
    if (m === 0 || n === 0) return b.constant(0, type.dtype)
    if (m !== undefined) return scaled(b, y!, m)
    return n === undefined ? undefined : scaled(b, x!, n)
  },
  div: (_b, [x], [, n]) => (n === 1 ? x : undefined),
  pow: (b, [x], [, n]) => (n === undefined ? undefined : power(b, x!, n)),
  cast: (b, [x], _numbers, type) => {
    if (x!.type.dtype === type.dtype) return x
    // Every f16 is an f32, so there and back is the same number.
    const widened = x!.type.dtype === 'f32' && type.dtype === 'f16' && is(b, x!, 'cast') && input(b, x!, 0)
    return widened && widened.type.dtype === 'f16' ? widened : undefined
  },
  select: (b, [test, then, otherwise], [known]) => {
    if (known !== undefined) return known ? then : otherwise
    if (then === otherwise) return then
    if (is(b, test!, 'not')) return b.select(input(b, test!, 0), otherwise!, then!)
    if (is(b, then!, 'select') && input(b, then!, 0) === test) return b.select(test, input(b, then!, 1), otherwise!)
    if (is(b, otherwise!, 'select') && input(b, otherwise!, 0) === test) return b.select(test, then!, input(b, otherwise!, 2))
    return undefined
  },
}

/** x * factor, with an earlier factor drawn in. */
function scaled(b: Build, x: Value, factor: number): Value | undefined {
  if (factor === 1) return x
  if (!isFloat(x.type)) return undefined
  if (factor === -1) return b.unary('neg', x)
  if (is(b, x, 'neg')) return b.binary('mul', input(b, x, 0), -factor)
  if (!is(b, x, 'mul')) return undefined
  const [left, right] = [input(b, x, 0), input(b, x, 1)]
  const [m, n] = [constantOf(b, left), constantOf(b, right)]
  if (m !== undefined) return b.binary('mul', right, m * factor)
  return n === undefined ? undefined : b.binary('mul', left, n * factor)
}

/** Powers that need no logarithm, and so allow any base. */
function power(b: Build, x: Value, exponent: number): Value | undefined {
  switch (exponent) {
    case 0:
      return b.constant(1, x.type.dtype)
    case 1:
      return x
    case 2:
      return b.binary('mul', x, x)
    case 3:
      return b.binary('mul', b.binary('mul', x, x), x)
    case 4:
      return b.binary('pow', b.binary('mul', x, x), 2)
    case 0.5:
      return b.unary('sqrt', x)
    case -0.5:
    case -1:
    case -2:
      return b.binary('div', 1, b.binary('pow', x, -exponent))
    default:
      return undefined
  }
}

/** Elementwise work on repeated elements is done once, before they are repeated; operands meet by name anyway. */
function foldRepeated(b: Build, op: OpName, inputs: readonly Value[], type: Type): Value | undefined {
  if (!inputs.some((x) => is(b, x, 'broadcast'))) return undefined
  const again = (operands: readonly Value[]) =>
    b.add(op, operands, undefined, type.dtype === 'bool' ? undefined : { dtype: type.dtype, dims: [] })
  const rule = (operands: readonly Value[]): readonly Dim[] =>
    opOf(op).type(
      operands.map((x) => x.type),
      undefined,
    ).dims
  const sources = inputs.map((x) => source(b, x))
  if (rule(sources).length < type.dims.length) return again(sources)
  // One by one: the last operand that holds a dim must stay as it is.
  for (let i = 0; i < inputs.length; i++) {
    if (sources[i] === inputs[i]) continue
    const operands = inputs.with(i, sources[i]!)
    if (sameDims(rule(operands), type.dims)) return again(operands)
  }
  return undefined
}

/** Ops that move or reduce, given their first input. */
const moving: { readonly [K in OpName]?: (b: Build, x: Value, attrs: AttributesOf<K>, type: Type) => Value | undefined } = {
  broadcast: (b, x, _attrs, { dims }) => {
    if (sameDims(x.type.dims, dims)) return x
    return is(b, x, 'broadcast') ? b.broadcast(input(b, x, 0), dims) : undefined
  },
  rename: (b, x, { from, to }, { dims }) => {
    const before = b.node(x)
    if (from === to) return x
    if (before.op === 'position') return b.position(dims[0]!)
    return before.op === 'rename' && before.attrs.to === from ? b.rename(input(b, x, 0), before.attrs.from, to) : undefined
  },
  merge: (b, x, { dims, into }) => {
    if (dims.length === 1) return b.rename(x, dims[0]!, into)
    const before = b.node(x)
    const inverse = before.op === 'split' && names(before.attrs.into).join() === dims.join()
    return inverse ? b.rename(input(b, x, 0), before.attrs.dim, into) : undefined
  },
  split: (b, x, { dim, into }, { dims }) => {
    if (into.length === 1) return b.rename(x, dim, into[0]!.name)
    const before = b.node(x)
    if (before.op !== 'merge' || before.attrs.into !== dim) return undefined
    const whole = input(b, x, 0)
    return sameDims(whole.type.dims, dims) ? whole : undefined
  },
  rotate: (b, x, { dim, by }, { dims }) => {
    const { size, live } = find(dims, dim)
    const before = b.node(x)
    if (before.op === 'rotate' && before.attrs.dim === dim) return b.add('rotate', [input(b, x, 0)], { dim, by: by + before.attrs.by })
    if (by === 0) return x
    return live || (by > 0 && by < size) ? undefined : b.add('rotate', [x], { dim, by: ((by % size) + size) % size })
  },
  reduce_sum: (b, x, { over }) => foldReduction(b, 'reduce_sum', x, over),
  reduce_max: (b, x, { over }) => foldReduction(b, 'reduce_max', x, over),
  reduce_min: (b, x, { over }) => foldReduction(b, 'reduce_min', x, over),
}

/** Reductions of reductions are one; a repeated element is reduced without looking at its copies. */
function foldReduction(b: Build, op: 'reduce_sum' | 'reduce_max' | 'reduce_min', x: Value, over: readonly string[]): Value | undefined {
  const before = b.node(x)
  if (before.op === op) return b.reduce(op, input(b, x, 0), [...before.attrs.over, ...over])
  if (before.op !== 'broadcast') return undefined
  const inner = input(b, x, 0)
  const repeated = without(x.type.dims, names(inner.type.dims)).filter((d) => over.includes(d.name))
  if (repeated.length === 0 || repeated.some((d) => d.live)) return undefined
  const kept = b.broadcast(inner, without(x.type.dims, names(repeated)))
  const rest = b.reduce(op, kept, names(kept.type.dims).filter((name) => over.includes(name))) // prettier-ignore
  return op === 'reduce_sum' ? b.binary('mul', rest, count(repeated)) : rest
}
