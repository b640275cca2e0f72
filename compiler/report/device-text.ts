// What a device makes of a stage → lines of a plan.
import type { NamedBytes, TooLarge } from '../plan/plan.ts'
import type { Line } from './lines.ts'
import { bytes, duration, grouped, percent, scientific } from './numbers.ts'

/** A stage compiled for a device. Bytes and seconds. */
export interface Prediction {
  readonly device: string
  /** Sequences in one run of the device. */
  readonly micro: number
  /** Runs that one step of a training takes. */
  readonly runs?: number
  /** The sum of all buffers is the peak: they live from the first run to the last. For ONNX Runtime an estimate. */
  readonly memory: { readonly states: number; readonly activations: number; readonly peak: number; readonly limit?: number }
  /** What a run computes again for want of memory: dispatches, and their share of its operations. */
  readonly again?: { readonly dispatches: number; readonly share: number }
  readonly largest: NamedBytes
  /** A tensor that the device cannot make or bind, whatever its memory. */
  readonly tooLarge?: TooLarge
  /** Kernels of ours, each written once; none on the CPU. */
  readonly kernels?: number
  /** Dispatches of each program, or none on the CPU, where a program is one model. */
  readonly programs: readonly { readonly name: string; readonly dispatches?: number }[]
  readonly fits: boolean
  /** Undefined where no rate is known. */
  readonly time?: { readonly seconds: number; readonly flopsPerSecond: number; readonly source: string }
}

export function deviceLines(p: Prediction): readonly Line[] {
  const { memory, again, largest } = p
  const peak = memory.limit === undefined ? '' : ` of ${bytes(memory.limit)}`
  const step = p.runs === undefined ? '' : `, ${grouped(p.runs)} ${p.runs === 1 ? 'run' : 'runs'} a step`
  return [
    ['device', p.device],
    ['at once', `${grouped(p.micro)} ${p.micro === 1 ? 'sequence' : 'sequences'}${step}`],
    ['peak', `${bytes(memory.peak)}${peak}: states ${bytes(memory.states)}, activations ${bytes(memory.activations)}`],
    ['', `the largest tensor is ${largest.name}, ${bytes(largest.bytes)}`],
    ...againLines(again),
    ['programs', programsText(p)],
    ['time', timeText(p)],
  ]
}

function againLines(again: Prediction['again']): readonly Line[] {
  if (again === undefined) return []
  return [
    ['', `${grouped(again.dispatches)} dispatches, ${percent(again.share)} of a run's work, compute again what there is no room to keep`],
  ]
}

function programsText({ programs, kernels }: Prediction): string {
  const names = programs.map(({ name, dispatches }) => (dispatches === undefined ? name : `${name} ${grouped(dispatches)}`)).join(', ')
  return kernels === undefined ? `${names}: one ONNX model each` : `${grouped(kernels)} kernels; dispatches: ${names}`
}

function timeText({ time }: Prediction): string {
  if (time === undefined) return 'no rate is known: run a training of about this size here once, or give --facts with `rates`'
  return `${duration(time.seconds)} at ${scientific(time.flopsPerSecond)} flops a second (${time.source})`
}
