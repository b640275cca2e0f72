// Walking over tensors by dimension name: the loop under every rule of the reference interpreter.
import type { Dim } from './graph.ts'
import type { Tensor } from './ops/op.ts'

export function count(dims: readonly Dim[]): number {
  return dims.reduce((n, d) => n * d.size, 1)
}

export function zeros(dims: readonly Dim[]): Tensor {
  return { dims, data: new Float64Array(count(dims)) }
}

/** Elements between neighbours along `name` in a row-major tensor; 0 where it has no such dim. */
export function stride(dims: readonly Dim[], name: string): number {
  const at = dims.findIndex((d) => d.name === name)
  return at < 0 ? 0 : count(dims.slice(at + 1))
}

/** Visits every index over `dims` in row-major order; `at[i]` is the offset there in a tensor laid out as `layouts[i]`. */
export function walk(dims: readonly Dim[], layouts: readonly (readonly Dim[])[], visit: (at: readonly number[]) => void): void {
  const total = count(dims)
  const steps = layouts.map((layout) => dims.map((d) => stride(layout, d.name)))
  const index = dims.map(() => 0)
  const at = layouts.map(() => 0)
  for (let n = 0; n < total; n++) {
    visit(at)
    for (let d = dims.length - 1; d >= 0; d--) {
      const size = dims[d]!.size
      index[d]!++
      if (index[d]! < size) {
        for (let i = 0; i < at.length; i++) at[i]! += steps[i]![d]!
        break
      }
      index[d] = 0
      for (let i = 0; i < at.length; i++) at[i]! -= steps[i]![d]! * (size - 1)
    }
  }
}

/** Product of the inputs, summed over every dim that `dims` lacks. */
export function einsum(inputs: readonly Tensor[], dims: readonly Dim[]): Tensor {
  const y = zeros(dims)
  const all = [...dims]
  for (const x of inputs) for (const d of x.dims) if (!all.some((e) => e.name === d.name)) all.push(d)
  walk(all, [dims, ...inputs.map((x) => x.dims)], (at) => {
    let product = 1
    for (let i = 0; i < inputs.length; i++) product *= inputs[i]!.data[at[i + 1]!]!
    y.data[at[0]!]! += product
  })
  return y
}

/** A function of numbers, applied at every index of `dims`. */
export function map(f: (...args: number[]) => number, inputs: readonly Tensor[], dims: readonly Dim[]): Tensor {
  const y = zeros(dims)
  const args = inputs.map(() => 0)
  const layouts = inputs.map((x) => x.dims)
  let n = 0
  walk(dims, layouts, (at) => {
    for (let i = 0; i < args.length; i++) args[i] = inputs[i]!.data[at[i]!]!
    y.data[n++] = f(...args)
  })
  return y
}
