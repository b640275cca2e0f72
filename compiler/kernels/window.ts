// A kernel that is run for one stretch of a live dim after another → what it sees of the program, and where in memory its stretch begins.
// The text of such a kernel knows nothing of the rest: the stretch is bound as if it were all there is.
import type { Dim } from '../graph/graph.ts'
import type { WindowPlan } from '../plan/plan.ts'
import type { JoinedGraph, JoinedKernel, LoopKernel, Window } from './kernel.ts'
import { bytesOf } from './measure.ts'
import { tensorsOf } from './write.ts'

/** The dims with one of them no longer than the window. */
export function shorter(dims: readonly Dim[], { dim, size }: Window): readonly Dim[] {
  return dims.map((d) => (d.name === dim && d.size > size ? { ...d, size } : d))
}

/** The kernel with loops over the window alone. */
export function inWindow(kernel: LoopKernel, window: Window): LoopKernel {
  const short = (dims: readonly Dim[]) => shorter(dims, window)
  switch (kernel.kind) {
    case 'pointwise':
      return { ...kernel, window, dims: short(kernel.dims) }
    case 'reduction':
      return { ...kernel, window, rows: short(kernel.rows), over: short(kernel.over) }
    case 'matmul':
      return { ...kernel, window, batch: short(kernel.batch), m: short(kernel.m), n: short(kernel.n), k: short(kernel.k) }
    case 'scatter':
      return { ...kernel, window, dest: short(kernel.dest), rest: short(kernel.rest), over: short(kernel.over) }
  }
}

/** The program as kernels of the window see it. */
export function seenFrom(graph: JoinedGraph, window: Window): JoinedGraph {
  const tensors = graph.tensors.map((t) => ({ ...t, type: { ...t.type, dims: shorter(t.type.dims, window) } }))
  return { ...graph, tensors, live: shorter(graph.live, window) }
}

/** Where a kernel's window begins in each of its tensors. One that is no longer than a window belongs to it. */
export function windowOf(kernel: JoinedKernel, { tensors }: Pick<JoinedGraph, 'tensors'>): WindowPlan | undefined {
  if (!kernel.window) return undefined
  const { dim, from, size } = kernel.window
  const offsets = tensorsOf(kernel).map((tensor) => {
    const { dims, dtype } = tensors[tensor]!.type
    const at = dims.findIndex((d) => d.name === dim && d.size > size)
    return at < 0 ? 0 : from * bytesOf(dims.slice(at + 1), dtype)
  })
  return { live: dim, from, size, offsets }
}
