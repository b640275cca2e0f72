// What both backends implement. A backend runs plans; it knows nothing of models or training.
import type { Plan } from '../compiler/plan/plan.ts'

export type Data = Float32Array | Int32Array | Uint32Array
export type Tensors = Readonly<Record<string, Data>>

export interface Backend extends AsyncDisposable {
  readonly kind: 'cpu' | 'webgpu'
  /** For the user: 'AMD EPYC, 2 threads', 'NVIDIA H200 (Vulkan)'. */
  readonly device: string
  /** Allocates states (zeroed) and prepares every program. Fails with DoesNotFit when the device has not the memory. */
  load(plan: Plan): Promise<Executable>
}

/** A loaded plan. Calls take effect in the order they are made, also when not awaited. */
export interface Executable extends AsyncDisposable {
  /** Sets a whole state. */
  write(state: string, data: Data): Promise<void>
  read(state: string): Promise<Data>
  /**
   * Runs a program. `inputs` must hold every input of its spec; where a live dim is in a tensor, its data has the extent's length.
   * Returns the results; without results, resolves as soon as the work is queued. Several runs may be in flight.
   */
  run(program: string, inputs: Tensors, extents?: Readonly<Record<string, number>>): Promise<Tensors>
  /** Bytes the device holds for this plan now. */
  readonly memory: number
}
