// A plan's programs as the host loops call them: by name, with inputs that a variant does not read left out.
import type { Plan, ProgramSpec } from '../compiler/plan/plan.ts'
import type { Data, Executable, Tensors } from './backend.ts'

export function programOf(plan: Plan, name: string): ProgramSpec | undefined {
  return plan.programs.find((p) => p.name === name)
}

/** Runs a program with those of `inputs` and `extents` that its spec names. Rejections are also seen when awaited late. */
export function runProgram(
  executable: Executable,
  spec: ProgramSpec,
  inputs: Tensors,
  extents: Readonly<Record<string, number>> = {},
): Promise<Tensors> {
  const given: Record<string, Data> = {}
  for (const { name } of spec.inputs) {
    const data = inputs[name]
    if (data === undefined) throw new Error(`the program ${spec.name} wants an input ${name}`)
    given[name] = data
  }
  const live = Object.fromEntries(Object.entries(extents).filter(([name]) => spec.live.some((d) => d.name === name)))
  const results = executable.run(spec.name, given, live)
  results.catch(() => undefined)
  return results
}

/** The only element of a scalar result. */
export function scalar(results: Tensors, name: string): number {
  const value = results[name]?.[0]
  if (value === undefined) throw new Error(`the program gave no result ${name}`)
  return value
}

/** A tensor with one element. */
export const f32 = (value: number): Float32Array => Float32Array.of(value)
export const i32 = (value: number): Int32Array => Int32Array.of(value)
