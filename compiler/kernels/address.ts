// Indices → WGSL index arithmetic. A loop nest is a few axes, each several dims flattened into one u32 variable; an
// offset is a sum of coordinates times strides. Runs of an axis' dims that are also neighbours in memory are read off
// the variable in one piece, so a tensor stored like the loop costs no division at all.
import type { Dim } from '../graph/graph.ts'
import { stretchNumber, type Index, type ScalarId } from './kernel.ts'
import { one, same, sizeOf, sizeText, stridesOf, times, type LiveDims, type Size } from './size.ts'

/** Dims of one axis, row-major in `variable`. */
export interface Axis {
  readonly dims: readonly Dim[]
  readonly variable: string
}

/** A summand of an offset. */
export interface Term {
  readonly index: Index
  readonly stride: Size
}

/** Neighbouring dims of an axis, from `first` to `last`, that one stride walks through. */
export interface Run {
  readonly first: number
  readonly last: number
  readonly stride: Size
}

/** WGSL expression (u32) of a tensor's element. `value` gives the WGSL name of an i32 scalar. */
export function offsetText(
  dims: readonly Dim[],
  index: readonly Index[],
  axes: readonly Axis[],
  live: LiveDims,
  value: (id: ScalarId) => string,
): string {
  return sumText(termsOf(dims, index, live), axes, live, value)
}

/** The offset of a tensor's element as a sum of indices times strides. */
export function termsOf(dims: readonly Dim[], index: readonly Index[], live: LiveDims): readonly Term[] {
  const strides = stridesOf(dims, live)
  const terms: Term[] = []
  index.forEach((x, i) => {
    if (!isSingle(dims[i]!, live)) expand(x, strides[i]!, live, terms)
  })
  return rejoin(terms, live)
}

/** The axis' part in an offset: one run per stretch of its dims that also lies together in memory. Dims of size one are left out. */
export function runsOf(axis: readonly Dim[], terms: readonly Term[], live: LiveDims): readonly Run[] {
  const dims = wide(axis, live)
  const strides = dims.map((d) => terms.filter((t) => t.index.kind === 'dim' && t.index.name === d.name).map((t) => t.stride))
  const runs: Run[] = []
  for (let first = 0; first < dims.length; first++) {
    for (const stride of strides[first]!) {
      let last = first
      let step = stride
      while (last + 1 < dims.length) {
        const size = sizeOf([dims[last + 1]!], live)
        const at = strides[last + 1]!.findIndex((next) => same(times(next, size), step))
        if (at < 0) break
        step = strides[last + 1]![at]!
        strides[last + 1]!.splice(at, 1)
        last++
      }
      runs.push({ first, last, stride: step })
    }
  }
  return runs
}

/** Dims of size one are always at zero. */
export function wide(dims: readonly Dim[], live: LiveDims): readonly Dim[] {
  return dims.filter((d) => !isSingle(d, live))
}

function isSingle(dim: Dim, live: LiveDims): boolean {
  return same(sizeOf([dim], live), one)
}

/** WGSL expression (u32) of one index. */
export function indexText(index: Index, axes: readonly Axis[], live: LiveDims, value: (id: ScalarId) => string): string {
  const terms: Term[] = []
  expand(index, one, live, terms)
  return sumText(rejoin(terms, live), axes, live, value)
}

/** Names of the loop dims an index depends on, and the scalars. */
export function visitIndex(index: Index, onDim: (name: string) => void, onValue: (id: ScalarId) => void): void {
  switch (index.kind) {
    case 'dim':
      onDim(index.name)
      break
    case 'value':
      onValue(index.of)
      break
    case 'join':
      for (const part of index.parts) visitIndex(part, onDim, onValue)
      break
    case 'div':
    case 'mod':
    case 'rotate':
      visitIndex(index.of, onDim, onValue)
      break
    case 'stretch':
      break
  }
}

function expand(index: Index, stride: Size, live: LiveDims, into: Term[]): void {
  if (index.kind !== 'join') {
    into.push({ index, stride })
    return
  }
  const strides = stridesOf(index.sizes, live)
  index.parts.forEach((part, i) => expand(part, times(stride, strides[i]!), live, into))
}

/** x / n * n + x % n is x. */
function rejoin(terms: readonly Term[], live: LiveDims): readonly Term[] {
  for (const [i, div] of terms.entries()) {
    if (div.index.kind !== 'div') continue
    const { of, by } = div.index
    const size = sizeOf([by], live)
    const j = terms.findIndex(
      (t) =>
        t.index.kind === 'mod' && t.index.of === of && same(sizeOf([t.index.by], live), size) && same(times(t.stride, size), div.stride),
    )
    if (j < 0) continue
    const others = terms.filter((_, at) => at !== i && at !== j)
    return rejoin([...others, { index: of, stride: terms[j]!.stride }], live)
  }
  return terms
}

function sumText(terms: readonly Term[], axes: readonly Axis[], live: LiveDims, value: (id: ScalarId) => string): string {
  const parts: string[] = []
  for (const axis of axes) parts.push(...runTexts(axis, terms, live))
  for (const { index, stride } of terms) {
    if (index.kind === 'dim') continue
    parts.push(scaled(opaqueText(index, axes, live, value), stride, live))
  }
  return parts.length === 0 ? '0u' : parts.join(' + ')
}

function opaqueText(
  index: Exclude<Index, { kind: 'dim' }>,
  axes: readonly Axis[],
  live: LiveDims,
  value: (id: ScalarId) => string,
): string {
  const text = (of: Index) => indexText(of, axes, live, value)
  const size = (dim: Dim) => sizeText(sizeOf([dim], live), live)
  switch (index.kind) {
    case 'value':
      return `u32(${value(index.of)})`
    case 'join':
      return `(${text(index)})`
    case 'div':
      return `((${text(index.of)}) / ${size(index.by)})`
    case 'mod':
      return `((${text(index.of)}) % ${size(index.by)})`
    case 'rotate': {
      if (index.size.live)
        return `u32(((i32(${text(index.of)}) + ${index.by}) % i32(${size(index.size)}) + i32(${size(index.size)})) % i32(${size(index.size)}))`
      const by = ((index.by % index.size.size) + index.size.size) % index.size.size
      return `((${text(index.of)} + ${by}u) % ${index.size.size}u)`
    }
    case 'stretch':
      return sizeText({ factor: 1, live: [stretchNumber] }, live)
  }
}

/** The axis' share of a sum, one product per run. */
function runTexts({ dims: all, variable }: Axis, terms: readonly Term[], live: LiveDims): readonly string[] {
  const dims = wide(all, live)
  const below = stridesOf(dims, live)
  return runsOf(all, terms, live).map(({ first, last, stride }) => {
    const size = first === 0 ? undefined : sizeOf(dims.slice(first, last + 1), live)
    return scaled(digits(variable, below[last]!, size, live), stride, live)
  })
}

/** variable / below % size. */
function digits(variable: string, below: Size, size: Size | undefined, live: LiveDims): string {
  const shifted = same(below, one) ? variable : `${variable} / ${sizeText(below, live)}`
  const cut =
    size === undefined ? shifted : shifted === variable ? `${variable} % ${sizeText(size, live)}` : `(${shifted}) % ${sizeText(size, live)}`
  return cut === variable ? variable : `(${cut})`
}

function scaled(text: string, stride: Size, live: LiveDims): string {
  return same(stride, one) ? text : `${text} * ${sizeText(stride, live)}`
}
