// The same step in PyTorch, where python3 has it: bench/torch/train_cpu.py in a process of its own.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Sizes } from './model.ts'

export interface TorchRun {
  readonly torch: string
  readonly milliseconds: readonly number[]
  /** Processor time, which other programs on the machine disturb less. */
  readonly busy: readonly number[]
}

const script = join(import.meta.dirname, '..', 'torch', 'train_cpu.py')

/** The python that has torch. */
export function findTorch(): string | undefined {
  return ['python3', '/usr/bin/python3'].find((python) => {
    try {
      execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}

export function runTorch(python: string, sizes: Sizes, steps: number, threads: number): TorchRun {
  return JSON.parse(execFileSync(python, [script, JSON.stringify({ ...sizes, steps, threads })], { encoding: 'utf8' })) as TorchRun
}
