// npm run assembly -- train 170M 8: what NVIDIA's cards would run, seen without one. Mesa's driver for them, NVK, is made to believe
// that there is a card (no-hardware.c), Dawn opens it like any other, and every kernel of a case goes through the driver's compiler.
// It is not NVIDIA's own, which allocates registers better; but matrices, registers and instructions are those of the hardware.
// Wants the folder of scripts/software-gpu.sh, and a C compiler.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { readFacts } from '../../cli/device.ts'
import { reportBug, reportFailure } from '../../cli/report.ts'
import { cacheFolder } from '../../runtime/cache.ts'
import { Failure } from '../../runtime/events.ts'
import type { Case } from '../against/case.ts'
import { jobOf } from '../against/job.ts'
import { NakReader, sum, type Assembly } from './nak.ts'

/** NVIDIA's numbers of chips, and of a card with each. */
const chips: Readonly<Record<string, readonly [chip: string, card: string]>> = {
  a100: ['170', '20b0'],
  h200: ['180', '2335'],
  'rtx-4090': ['192', '2684'],
  'rtx-5090': ['1b2', '2b85'],
}

interface Options {
  readonly chip: string
  readonly only: string
}

new Command('assembly')
  .description('Compiles the kernels of a training step or of a sampler for an NVIDIA card that need not be here.')
  .addArgument(new Argument('<kind>').choices(['train', 'sample']))
  .argument('<preset>', 'a model of the family: 19M, 170M, 1028M')
  .argument('<sequences>', 'of 2048 tokens in a step, or samples of 256 tokens in a batch', count)
  .addOption(new Option('--chip <name>', 'what to compile for').choices(Object.keys(chips)).default('h200'))
  .option('--only <regexp>', 'kernels whose label has it', '.')
  .action((kind: Case['kind'], preset: string, sequences: number, options: Options) => assemble(caseOf(kind, preset, sequences), options))
  .parseAsync()
  .catch((error: unknown) => {
    const output = { json: false, color: false }
    if (error instanceof Failure) reportFailure(error, output)
    else reportBug(error, output)
    process.exitCode = 1
  })

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('write a whole number, one or more')
  return value
}

function caseOf(kind: Case['kind'], preset: string, sequences: number): Case {
  const base = { preset, vocab: 32000, sequences, precision: 'f16' } as const
  return kind === 'train' ? { ...base, kind, length: 2048 } : { ...base, kind, length: 256, steps: 64, guidance: 0, prompt: 0 }
}

async function assemble(wanted: Case, { chip, only }: Options): Promise<void> {
  // What is wrong with the case is told before a driver is asked.
  jobOf(wanted, readFacts(join(import.meta.dirname, '..', '..', 'test', 'devices', 'nvidia-h200.json')))
  const numbers = chips[chip]!
  const mesa = join(cacheFolder(), 'mesa')
  if (!existsSync(join(mesa, 'lib', 'libvulkan_nouveau.so'))) {
    throw new Failure({ code: 'no-adapter', message: `no driver for NVIDIA's cards is in ${mesa}`, advice: ['run `scripts/software-gpu.sh`, which fetches it'] }) // prettier-ignore
  }
  const folder = mkdtempSync(join(tmpdir(), 'smdmc-assembly-'))
  try {
    const [driver, library] = [join(folder, 'nvk.json'), join(folder, 'no-hardware.so')]
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, join(import.meta.dirname, 'no-hardware.c')], { stdio: 'inherit' })
    const icd = { api_version: '1.4.0', library_path: join(mesa, 'lib', 'libvulkan_nouveau.so') }
    writeFileSync(driver, JSON.stringify({ file_format_version: '1.0.0', ICD: icd }))
    const card = join(folder, 'card')
    writeFileSync(card, '')
    const printed = openSync(join(folder, 'printed'), 'w')
    const child = spawn(
      join(mesa, 'lib', 'ld-linux-x86-64.so.2'),
      ['--library-path', join(mesa, 'lib'), '--preload', library, process.execPath, '--import', 'tsx', join(import.meta.dirname, 'compile.ts'), JSON.stringify({ case: wanted, only })], // prettier-ignore
      {
        // The compiler gives up where a pipe makes it wait.
        stdio: ['ignore', 'inherit', printed],
        env: {
          ...process.env,
          VK_DRIVER_FILES: driver,
          NVK_I_WANT_A_BROKEN_VULKAN_DRIVER: '1',
          MESA_SHADER_CACHE_DISABLE: '1',
          NAK_DEBUG: 'print',
          NO_HARDWARE_FILE: card,
          NO_HARDWARE_CHIP: numbers[0],
          NO_HARDWARE_CARD: numbers[1],
        },
      },
    )
    process.stdout.write(`Mesa ${readFileSync(join(mesa, 'version'), 'utf8').trim()}, ${chip}: ${wanted.kind} ${wanted.preset}, ${wanted.sequences} sequences, on `) // prettier-ignore
    await once(child, 'close')
    const kernels: Assembly[] = []
    const reader = new NakReader((assembly) => kernels.push(assembly))
    const tail: string[] = []
    for await (const line of createInterface(createReadStream(join(folder, 'printed')))) {
      reader.line(line)
      if (tail.push(line) > 20) tail.shift()
    }
    reader.end()
    if (child.exitCode !== 0) throw new Error(`the driver's process ended with ${child.exitCode}:\n${tail.join('\n')}`)
    process.stdout.write(`\n${tableOf(kernels)}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Registers that a processor shares among its lanes limit its subgroups, and with them what hides waiting. */
function tableOf(kernels: readonly Assembly[]): string {
  const rows = kernels.map(({ label, times, flops, figures, loop }) => {
    const figure = (name: string) => String(figures.get(name) ?? '')
    const inLoop = (...names: readonly string[]) => (loop ? String(names.reduce((n, name) => n + (loop.get(name) ?? 0), 0)) : '')
    return [
      label.replaceAll('|', '\\|'), String(times), (flops / 1e9).toFixed(1), figure('Instruction count'), figure('Num GPRs'), figure('Max warps/SM'), figure('SLM size'),
      loop ? String(sum(loop)) : '', inLoop('hmma'), inLoop('ldsm', 'movm', 'ld.shared', 'st.shared'), inLoop('mov'),
    ] // prettier-ignore
  })
  const head = ['kernel', 'dispatches', 'GFLOP', 'instructions', 'registers', 'subgroups', 'bytes spilled', 'in its loop', 'matrices', 'workgroup memory', 'moves'] // prettier-ignore
  return [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
