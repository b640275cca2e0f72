// A kernel over all positions of a live dim → the same kernel for one stretch of them. Its loops, and tensors of which there is only a
// stretch at a time, have a dim of their own, as long as the stretch is. In all other tensors, and in arithmetic, a position is found
// from the stretch's number, which a kernel is told at run time: so kernels of all stretches are the same text.
import type { Dim, Node } from '../graph/graph.ts'
import { stretchDim, stretchNumber, type Index, type LoopKernel, type Scalar, type Stretches, type TensorId } from './kernel.ts'

/** What takes the place of the live dim. */
export function dimOf({ size }: Stretches): Dim {
  return { name: stretchDim, size, live: true }
}

/** What kernels of stretches are told beside the program's extents. */
export function told(stretches: Stretches, count: number): readonly Dim[] {
  return [dimOf(stretches), { name: stretchNumber, size: count, live: true }]
}

/** The dims with that of a stretch instead of the live one. */
export function shorter(dims: readonly Dim[], stretches: Stretches): readonly Dim[] {
  return dims.map((d) => (d.name === stretches.of ? dimOf(stretches) : d))
}

/** The kernel for one stretch. `own`: tensors of which there is only a stretch. */
export function inStretch(kernel: LoopKernel, stretch: number, stretches: Stretches, own: ReadonlySet<TensorId>): LoopKernel {
  const { of, size } = stretches
  const here: Index = { kind: 'dim', name: stretchDim }
  const places = [{ name: stretchNumber, size: 1 }, { name: stretchDim, size }] // prettier-ignore
  const toOwn = exchange(of, here)
  const toAll = exchange(of, { kind: 'join', parts: [{ kind: 'stretch' }, here], sizes: places })
  const short = (dims: readonly Dim[]) => shorter(dims, stretches)
  const access = <A extends { readonly tensor: TensorId; readonly index: readonly Index[] }>(a: A): A => {
    return { ...a, index: a.index.map(own.has(a.tensor) ? toOwn : toAll) }
  }
  const moved = (scalar: Scalar): Scalar => {
    if (scalar.op === 'load') return access(scalar)
    return scalar.op === 'coordinate' ? { ...scalar, index: toAll(scalar.index) } : overStretch(scalar, of)
  }
  const common = { stretch, body: kernel.body.map(moved), stores: kernel.stores.map(access) }
  switch (kernel.kind) {
    case 'pointwise':
      return { ...kernel, ...common, dims: short(kernel.dims) }
    case 'reduction':
      return { ...kernel, ...common, rows: short(kernel.rows), over: short(kernel.over) }
    case 'matmul':
      return { ...kernel, ...common, batch: short(kernel.batch), m: short(kernel.m), n: short(kernel.n), k: short(kernel.k) }
    case 'scatter':
      return { ...kernel, ...common, dest: short(kernel.dest), rest: short(kernel.rest), over: short(kernel.over) }
  }
}

/** Puts an index in the place of a dim. Equal indices stay one object. */
function exchange(dim: string, by: Index): (index: Index) => Index {
  const known = new Map<Index, Index>()
  const make = (index: Index): Index => {
    switch (index.kind) {
      case 'dim':
        return index.name === dim ? by : index
      case 'value':
      case 'stretch':
        return index
      case 'join':
        return { ...index, parts: index.parts.map(exchanged) }
      case 'div':
      case 'mod':
      case 'rotate':
        return { ...index, of: exchanged(index.of) }
    }
  }
  const exchanged = (index: Index): Index => {
    const found = known.get(index) ?? make(index)
    known.set(index, found)
    return found
  }
  return exchanged
}

/** A sum over the live dim as one over the stretch. */
function overStretch(node: Node, of: string): Node {
  const { attrs } = node as { readonly attrs?: { readonly over?: readonly string[] } }
  if (!attrs?.over?.includes(of)) return node
  return { ...node, attrs: { ...attrs, over: attrs.over.map((name) => (name === of ? stretchDim : name)) } } as Node
}
