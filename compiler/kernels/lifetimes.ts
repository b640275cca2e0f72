// When each tensor of a program is needed: from the kernel that writes it first to the last one that touches it.
import { nestsOf, type JoinedGraph, type JoinedKernel, type TensorId } from './kernel.ts'
import { bytesOf } from './rows.ts'
import { tensorsOf } from './write.ts'

/** Steps, which are positions among the kernels; `uses` are all that touch the tensor, in order. */
export interface Life {
  readonly tensor: TensorId
  readonly bytes: number
  readonly uses: readonly number[]
  /** Inputs live from -1, results to the number of kernels. */
  readonly from: number
  readonly to: number
}

/** Lives of the tensors that need memory of the program's own: not states and tables, not what no kernel touches. */
export function livesOf({ tensors, kernels, results }: Pick<JoinedGraph, 'tensors' | 'kernels' | 'results'>): readonly Life[] {
  const uses = tensors.map((): number[] => [])
  kernels.forEach((kernel, step) => {
    for (const tensor of new Set(tensorsOf(kernel))) uses[tensor]!.push(step)
  })
  const given = new Set(results.map(({ tensor }) => tensor))
  return tensors.flatMap(({ source, type }, tensor): Life[] => {
    const [first] = uses[tensor]!
    if (source.kind === 'state' || source.kind === 'table' || (source.kind === 'kernel' && first === undefined)) return []
    const from = source.kind === 'data' ? -1 : first!
    const to = given.has(tensor) ? kernels.length : (uses[tensor]!.at(-1) ?? -1)
    return [{ tensor, bytes: bytesOf(type), uses: uses[tensor]!, from, to }]
  })
}

/** Bytes alive at each kernel. */
export function liveBytes(lives: readonly Life[], steps: number): readonly number[] {
  const change = new Float64Array(steps + 2)
  for (const { from, to, bytes } of lives) {
    change[Math.max(0, from)]! += bytes
    change[Math.min(to, steps) + 1]! -= bytes
  }
  let now = 0
  return Array.from({ length: steps }, (_, step) => (now += change[step]!))
}

/** The tensors that a kernel writes. */
export function writesOf(kernel: JoinedKernel): readonly TensorId[] {
  return kernel.kind === 'attention' ? kernel.writes : [...new Set(nestsOf(kernel).flatMap(({ stores }) => stores.map((s) => s.tensor)))]
}
