// A case and what the command line asks for → the programs that are started for it, ours and PyTorch's.
import { Failure } from '../../runtime/events.ts'
import { cpuFacts } from '../../runtime/onnx/facts.ts'
import { listAdapters } from '../../runtime/webgpu/adapters.ts'
import type { Case } from './case.ts'
import type { Side } from './peer.ts'
import { torchSide, type Variant } from './torch.ts'
import type { Task } from './worker.ts'

/** How PyTorch is run: `compile` has modes of torch.compile, `published` asks for the way of the paper's code, each as a side of its own. */
export interface TheirOptions {
  readonly torchDevice?: string
  readonly threads?: number
  readonly compile: readonly string[]
  readonly published?: boolean
}

/** Fails with a Failure where there is no GPU, before every case does. */
export async function mustHaveGpu(): Promise<void> {
  if ((await listAdapters()).some(({ usable, software }) => usable && !software)) return
  const advice = [
    '`smdmc doctor` says what was found, and what would help',
    'on a GPU made of software: the same options without --hardware',
  ]
  throw new Failure({ code: 'no-gpu', message: 'there is no hardware GPU here, so there is nothing to measure', advice })
}

/** This program again, as it was started itself. */
export function ourSide(c: Case, device: string): Side {
  const task: Task = { case: c, device }
  return { name: 'smdmc', command: process.execPath, args: [...process.execArgv, process.argv[1]!, 'worker', JSON.stringify(task)] }
}

export function theirSides(
  python: string,
  c: Case,
  { torchDevice, threads = cpuFacts().threads, compile, published }: TheirOptions,
): readonly Side[] {
  const compiled = compile.map((mode) => ({ name: `PyTorch, compiled (${mode})`, compile: mode }))
  const variants: readonly Variant[] = [
    { name: 'PyTorch' },
    ...compiled,
    ...(published === true ? [{ name: 'PyTorch, as published', published }] : []),
  ]
  return variants.map((variant) => torchSide(python, c, variant, { device: torchDevice, threads }))
}
