// What becomes of a product's sums → a WGSL function that finishes one of them, or four neighbours along n at once. Tensors in which
// such fours lie together at multiples of four are then read and written as vectors; arithmetic is that of single elements all the same.
import type { Dim } from '../graph/graph.ts'
import { runsOf, termsOf, wide } from './address.ts'
import type { Index, MatmulKernel, ScalarId, TensorId } from './kernel.ts'
import { storageType } from './module.ts'
import type { Scope, Shader } from './shader.ts'
import type { Joint } from './matmul-joint.ts'
import { loadsBehind, turnOf, type Product } from './matmul-product.ts'
import { inMemory, rowsOf } from './rows.ts'
import { one, same, sizeOf } from './size.ts'
import { components, functionText } from './text.ts'

/** Sums that `finish` takes at a time. */
export type Width = 1 | 4

/** Four, unless a row of the result ends within a four and what lies behind it is not free. */
export function widthOf(product: Product): Width {
  const { kernel, context } = product
  return sizeOf(kernel.n, context.live).factor % 4 === 0 || endsInGaps(product) ? 4 : 1
}

/** Whether n is the rows of all tensors of the epilogue that have it, and these lie apart in memory (rows.ts): the last four may reach into the gap. */
function endsInGaps({ kernel, context, operands, shader }: Product): boolean {
  const [n, ...more] = wide(kernel.n, context.live)
  if (!n || more.length > 0) return false
  const prologue = operands.flatMap((id) => loadsBehind(kernel.body, id))
  const loads = kernel.body.flatMap((s) => (s.op === 'load' && !prologue.includes(s) ? [s] : []))
  return [...loads, ...kernel.stores].every(({ tensor, index }) => {
    const along = index.flatMap((x, i) => (shader.dimsOfIndex(x).has(n.name) ? [i] : []))
    const { type } = context.tensors[tensor]!
    const last = index.at(-1)
    return along.length === 0 || (along[0] === index.length - 1 && last?.kind === 'dim' && rowsOf(type)?.length === n.size)
  })
}

/** Binds tensors that are read and written as vectors so, and tells which they are. */
export function viewInFours({ module, products }: Joint): ReadonlySet<TensorId> {
  const { tensors } = module.context
  const vectors = [...module.tensors()].filter((t) => tensors[t]!.type.dtype !== 'bool' && products.every((p) => usesInFours(p, t)))
  for (const tensor of vectors) module.view(tensor, { element: `vec4<${storageType(tensors[tensor]!.type.dtype)}>`, count: 4 })
  return new Set(vectors)
}

/** WGSL names of variables: where a sum stands in the result, or the first of four, and the sum; where the epilogue turns sums (turn.ts), what it meets. */
export interface Place {
  readonly m: string
  readonly n: string
  readonly sum: string
  readonly turned: string
}

/** WGSL that finishes a sum, or four: what it reads as vectors comes first, so that several places can be on their way together. */
export interface Finish {
  readonly reads: readonly string[]
  readonly rest: readonly string[]
}

/** The function `finish(batch, m, n, sum)`; of four sums, n is the first one's. Positions must be inside the result. */
export function finisher(product: Product, vectors: ReadonlySet<TensorId>): string {
  const { kernel, dtype, number } = product
  const { reads, rest } = finishAt({ m: 'm', n: 'n', sum: 'sum', turned: 'turned' }, product, vectors)
  const type = widthOf(product) === 1 ? dtype : `vec4<${dtype}>`
  const sums = ['sum', ...(turnOf(kernel) ? ['turned'] : [])].map((name) => `${name}: ${type}`)
  return functionText(`finish${number}(batch: u32, m: u32, n: u32, ${sums.join(', ')})`, [...reads, ...rest])
}

export function finishAt(place: Place, product: Product, vectors: ReadonlySet<TensorId>): Finish {
  const { batch, kernel, shader } = product
  const row = shader.scope([batch, { dims: kernel.m, variable: place.m }])
  const { reads, rest } = widthOf(product) === 1 ? single(place, product, row) : quad(place, product, vectors, row)
  return { reads: [...row.lines, ...reads], rest }
}

function single({ n, sum, turned }: Place, { kernel, contract, shader }: Product, row: Scope): Finish {
  const scope = shader.scope([{ dims: kernel.n, variable: n }], row)
  scope.known.set(contract, sum)
  for (const id of turns(kernel)) scope.known.set(id, turned)
  for (const store of kernel.stores) shader.store(scope, store)
  return { reads: [], rest: scope.lines }
}

/** Vectors are read first and written last; in between, each element has a scope of its own. */
function quad({ n, sum, turned }: Place, { kernel, contract, shader }: Product, vectors: ReadonlySet<TensorId>, row: Scope): Finish {
  const at = (variable: string) => shader.scope([{ dims: kernel.n, variable }], row)
  const [before, after] = [at(n), at(n)]
  const elements = [n, `${n}_1`, `${n}_2`, `${n}_3`].map(at)
  const each = (f: (scope: Scope, component: string) => string) => elements.map((scope, i) => f(scope, components[i]!))
  const know = (id: ScalarId, vector: string) => elements.forEach((scope, i) => scope.known.set(id, `${vector}.${components[i]!}`))
  know(contract, sum)
  for (const id of turns(kernel)) know(id, turned)
  kernel.body.forEach((scalar, id) => {
    if (scalar.op === 'load' && vectors.has(scalar.tensor)) know(id, shader.value(before, id))
  })
  for (const store of kernel.stores) {
    if (!vectors.has(store.tensor)) for (const scope of elements) shader.store(scope, store)
    else {
      const { element } = shader.module.viewOf(store.tensor)
      shader.store(after, store, `${element}(${each((scope) => shader.value(scope, store.value)).join(', ')})`)
    }
  }
  const steps = [1, 2, 3].map((i) => `let ${n}_${i} = ${n} + ${i}u;`)
  return { reads: before.lines, rest: [...steps, ...elements.flatMap((scope) => scope.lines), ...after.lines] }
}

function turns({ body }: MatmulKernel): readonly ScalarId[] {
  return body.flatMap((scalar, id) => (scalar.op === 'rotate' ? [id] : []))
}

/** Whether every use of the tensor is by the epilogue, and in fours. */
function usesInFours(product: Product, tensor: TensorId): boolean {
  const { kernel, context, operands, shader } = product
  const uses = [...kernel.body.flatMap((s) => (s.op === 'load' ? [s] : [])), ...kernel.stores].filter((use) => use.tensor === tensor)
  if (uses.length === 0) return true
  const prologue = operands.flatMap((id) => loadsBehind(kernel.body, id)).some((load) => load.tensor === tensor)
  const dims = inMemory(context.tensors[tensor]!.type)
  return widthOf(product) === 4 && !prologue && uses.every(({ index }) => inFours(kernel.n, dims, index, shader))
}

/** Whether four neighbours along n, the first at a multiple of four, are so in memory, too. */
function inFours(all: readonly Dim[], dims: readonly Dim[], index: readonly Index[], shader: Shader): boolean {
  const { live } = shader.context
  const n = wide(all, live)
  const terms = termsOf(dims, index, live)
  const runs = runsOf(n, terms, live)
  const [inner, ...more] = runs.filter((run) => run.last === n.length - 1)
  if (!inner || more.length > 0 || !same(inner.stride, one)) return false
  if (inner.first > 0 && sizeOf(n.slice(inner.first), live).factor % 4 !== 0) return false
  const outer = runs.filter((run) => run !== inner)
  const rest = terms.filter((t) => !n.some((d) => t.index.kind === 'dim' && t.index.name === d.name))
  const fixed = rest.every((t) => !n.some((d) => shader.dimsOfIndex(t.index).has(d.name)))
  return fixed && [...outer, ...rest].every(({ stride }) => stride.factor % 4 === 0)
}
