// How PyTorch is started for a case: bench/torch, with a python that has it.
import { spawnSync } from 'node:child_process'
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
const usual = ['python3', 'python', '/usr/bin/python3'] as const

/** The first of some pythons that has torch. Fails with a Failure that says of each what is wrong. */
export function findTorch(pythons: readonly string[] = usual): string {
  const tried: string[] = []
  for (const python of pythons) {
    const problem = problemOf(python)
    if (problem === undefined) return python
    tried.push(`${python}: ${problem}`)
  }
  const advice = [
    '`--python PATH` names another one, such as the bin/python of a virtual environment',
    'or install it: `pip install torch`, on Debian `apt install python3-torch`',
    'without `--against torch` ours is measured alone',
  ]
  throw new Failure({ code: 'no-torch', message: `no python here can \`import torch\`. Tried ${tried.join('; ')}`, advice })
}

/** A bundle lends Node libraries that the machine has not; those of a python may be newer, and have to be found first. */
export function withoutLent({ SMDMC_LENT, LD_LIBRARY_PATH, ...rest }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = (LD_LIBRARY_PATH ?? '').split(':').filter((path) => path !== '' && path !== SMDMC_LENT)
  return kept.length === 0 ? rest : { ...rest, LD_LIBRARY_PATH: kept.join(':') }
}

/** Why a python cannot be used, in a line. */
function problemOf(python: string): string | undefined {
  const env = withoutLent(process.env)
  const { error, status, stderr } = spawnSync(python, ['-c', 'import torch'], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  })
  if (error) return 'code' in error && error.code === 'ENOENT' ? 'there is no such program' : error.message
  return status === 0 ? undefined : (stderr.trim().split('\n').at(-1) ?? 'it ends at once')
}

export function torchSide(python: string, c: Case, { name, compile, published }: Variant, { device, threads }: TorchOptions): Side {
  const given = { preset: c.preset, vocab: c.vocab, sequences: c.sequences, length: c.length, device, threads, compile }
  const sampling = c.kind === 'sample' ? { steps: c.steps, guidance: c.guidance, prompt: c.prompt } : {}
  const flags = published === true ? [c.kind === 'train' ? '--full-logits' : '--published'] : []
  const valued = Object.entries({ ...given, ...sampling }).flatMap(([option, v]) => (v === undefined ? [] : [`--${option}`, String(v)]))
  const args = [join(folder, `${c.kind}.py`), '--serve', ...flags, ...valued]
  return { name, command: python, args, env: withoutLent(process.env) }
}
