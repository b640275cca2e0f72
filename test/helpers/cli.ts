// smdmc as its users meet it: a real child process in a folder of its own, with a tiny page.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { RunEvent } from '../../runtime/events.ts'

export const bin = join(import.meta.dirname, '..', '..', 'bin', 'smdmc.js')

/** What a line of --json may be, as far as tests look at it. */
export type Line = RunEvent | { readonly kind: 'diagnostic' | 'checked' | 'plan' | 'formatted' | 'doctor' | 'explained' }

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** Standard output as JSON lines; empty unless it is that. */
  readonly lines: readonly Line[]
}

export interface Options {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  readonly uid?: number
  /** Hears every line of JSON as it comes, with the process, which it may kill. */
  readonly on?: (line: Line, child: ChildProcess) => void
  /** A shell's prefix for the command, such as `ulimit -f 10;`. */
  readonly shell?: string
}

/** Runs smdmc to its end. */
export async function smdmc(args: readonly string[], { cwd, env, uid, on, shell }: Options): Promise<Outcome> {
  const command =
    shell === undefined ? [process.execPath, bin, ...args] : ['/bin/sh', '-c', `${shell} exec "$@"`, 'sh', process.execPath, bin, ...args]
  const child = spawn(command[0]!, command.slice(1), {
    cwd,
    uid,
    gid: uid,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const lines: Line[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  createInterface({ input: child.stdout }).on('line', (text) => {
    stdout += text + '\n'
    if (!args.includes('--json')) return
    // A process that is killed may leave half a line.
    const line = text.endsWith('}') ? (JSON.parse(text) as Line) : undefined
    if (line === undefined) return
    lines.push(line)
    on?.(line, child)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr, lines }))
  })
}

/** Values of a tiny page, to be changed one at a time. */
export interface Page {
  readonly data: string
  readonly steps: string
  readonly heads: number
  readonly prompt: string
  /** More fields of the training. */
  readonly more: string
  /** What stands behind it all. */
  readonly end: string
}

/** 300 bytes of text, a model of one layer. It says nothing but errors when checked. */
export function pageText(change: Partial<Page> = {}): string {
  const { data, steps, heads, prompt, more, end } = {
    data: 'text.txt',
    steps: '12 steps',
    heads: 2,
    prompt: 'a b',
    more: '',
    end: '',
    ...change,
  }
  return `param width = 16
data sea = text("${data}") { validation: 20% }
train tiny {
  model: transformer { layers: 1, width: width, heads: ${heads}, context: 16 }
  data: sea
  batch: 4 sequences
  budget: ${steps}
  optimizer: adamw { warmup: 1 steps, lr: 1e-2 }
  log: 1 steps
  keep: 3 steps
  validate: 0 steps
  ${more}
}
sample story { from: tiny, prompt: "${prompt}", length: 16 tokens, count: 2, sampler: confidence { steps: 6, temperature: 0.5 } }
eval bound { from: tiny, data: sea.validation, metric: likelihood { samples: 16 } }
${end}`
}

/** A folder with text.txt and page.smdm, gone when disposed of. */
export class Folder implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'smdmc-cli-')))

  constructor(page: string = pageText()) {
    this.write('text.txt', 'all work and no play makes jack a dull boy\n'.repeat(7))
    this.write('page.smdm', page)
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.path, name), content)
  }

  read(...names: readonly string[]): string {
    return readFileSync(join(this.path, ...names), 'utf8')
  }

  run(...args: readonly string[]): Promise<Outcome> {
    return smdmc(args, { cwd: this.path })
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Every result in a store: path → content. Logs and records, which tell of times and places, are left out. */
export function results(store: string): ReadonlyMap<string, string> {
  const files = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((f) =>
    /(model\.safetensors|samples\.jsonl|metrics\.json)$/.test(f),
  )
  return new Map(files.sort().map((f) => [f, readFileSync(join(store, f)).toString('latin1')]))
}
