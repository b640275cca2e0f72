// WebGPU plan → text, for explain: memory, buffers, and each program's dispatches with the buffers they bind.
import { showType } from '../graph/dims.ts'
import type { Groups, Plan, StretchesPlan, WebgpuPlan } from './plan.ts'

/** The plan's steps, or for the CPU what the ONNX models look like from outside. */
export function printPlan(plan: Plan): string {
  const lines = [
    `memory: states ${bytes(plan.memory.states)}, activations ${bytes(plan.memory.activations)}, largest ${plan.memory.largest.name} ${bytes(plan.memory.largest.bytes)}`,
  ]
  lines.push(...plan.states.map((s) => `state ${s.name} ${showType(s.type)}`))
  for (const program of plan.programs) {
    lines.push('', `program ${program.name}`)
    lines.push(...program.inputs.map((x) => `  input ${x.name} ${showType(x.type)}`))
    if ('steps' in program && plan.target === 'webgpu') {
      for (const { kernel, buffers, windows, groups, stretch } of program.steps) {
        const shown = buffers.map((b, i) => {
          const [mark, from] = [plan.kernels[kernel]!.bindings[i] === 'write' ? '>' : '', windows?.[i]?.offset ?? 0]
          return b < 0 ? 'extents' : `${mark}${b}${from > 0 ? `+${from}` : ''}`
        })
        const where = stretch === undefined ? '' : showStretch(stretch, program.stretches!)
        lines.push(`  ${plan.kernels[kernel]!.label} #${kernel} (${shown.join(' ')}) x ${groups.map(showGroups).join(' ')}${where}`)
      }
    } else if ('model' in program) lines.push(`  model of ${bytes(program.model.length)}`)
    lines.push(...program.results.map((x) => `  result ${x.name} ${showType(x.type)}`))
  }
  if (plan.target === 'webgpu') lines.push('', ...plan.buffers.map((b, i) => `buffer ${i} ${bytes(b.bytes)} ${b.label}`))
  return lines.join('\n') + '\n'
}

/** Every kernel's WGSL, numbered as in the plan. */
export function printWgsl(plan: WebgpuPlan): string {
  return plan.kernels.map(({ label, wgsl }, i) => `// kernel ${i}: ${label}\n${wgsl}`).join('\n')
}

function showStretch(stretch: number, { of, size }: StretchesPlan): string {
  return ` for ${of} ${stretch * size} to ${(stretch + 1) * size}`
}

function showGroups(groups: Groups): string {
  return typeof groups === 'number' ? `${groups}` : `ceil(${groups.live} * ${groups.factor} / ${groups.divisor})`
}

function bytes(n: number): string {
  return n >= 1e9
    ? `${(n / 1e9).toFixed(2)} GB`
    : n >= 1e6
      ? `${(n / 1e6).toFixed(1)} MB`
      : n >= 1e3
        ? `${(n / 1e3).toFixed(1)} kB`
        : `${n} B`
}
