// How PyTorch is started for a case: bench/torch, with the python that has it.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { Failure } from '../../runtime/events.ts'
import type { Case } from './case.ts'
import type { Side } from './peer.ts'

export interface TorchOptions {
  /** `cuda` or `cpu`; as found unless given. */
  readonly device?: string
  readonly threads?: number
}

/** A way to run it. */
export interface Variant {
  readonly name: string
  /** A mode of torch.compile. */
  readonly compile?: string
  /** As the paper's code does it, which is more work than ours. */
  readonly published?: boolean
}

const folder = join(import.meta.dirname, '..', 'torch')

/** Fails with a Failure where no python has torch. */
export function findTorch(): string {
  const found = ['python3', '/usr/bin/python3'].find((python) => {
    try {
      execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
  if (found !== undefined) return found
  const advice = ['install it, on Debian by `apt install python3-torch`', 'without `--against torch` ours is measured alone']
  throw new Failure({ code: 'no-torch', message: 'no python3 here can `import torch`', advice })
}

export function torchSide(python: string, c: Case, { name, compile, published }: Variant, { device, threads }: TorchOptions): Side {
  const given = { preset: c.preset, vocab: c.vocab, sequences: c.sequences, length: c.length, device, threads, compile }
  const sampling = c.kind === 'sample' ? { steps: c.steps, guidance: c.guidance, prompt: c.prompt } : {}
  const flags = published === true ? [c.kind === 'train' ? '--full-logits' : '--published'] : []
  const valued = Object.entries({ ...given, ...sampling }).flatMap(([option, v]) => (v === undefined ? [] : [`--${option}`, String(v)]))
  return { name, command: python, args: [join(folder, `${c.kind}.py`), '--serve', ...flags, ...valued] }
}
