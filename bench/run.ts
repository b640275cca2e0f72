// npm run bench -- [--against torch] …: our speed at training and sampling, beside PyTorch's on the same machine. docs/benchmarks.md says
// what is measured and how; bench/results keeps what came out. Never part of the tests.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { readFacts } from '../cli/device.ts'
import { reportBug, reportFailure } from '../cli/report.ts'
import { Failure } from '../runtime/events.ts'
import { casesOf, nameOf, type Wanted } from './against/case.ts'
import { duel, type Pace } from './against/duel.ts'
import { fileName, remarks, resultsPage, warning, type Setting } from './against/results.ts'
import { predictions } from './against/predictions.ts'
import { mustHaveGpu, ourSide, theirSides, type TheirOptions } from './against/sides.ts'
import { rowOf, type Row } from './against/summary.ts'
import { tableOf } from './against/table.ts'
import { findTorch } from './against/torch.ts'
import { work, type Task } from './against/worker.ts'

interface Options extends Pace, TheirOptions, Omit<Wanted, 'kinds'> {
  readonly against?: 'torch'
  readonly train?: boolean
  readonly sample?: boolean
  readonly device: string
  readonly hardware?: boolean
  readonly facts?: string
  readonly python?: string
  readonly results: string
}

/** What `bench WORD` is short for: all cases on a GPU, or a training step of the smallest model on bytes on the CPU. */
const shorts: Readonly<Record<string, string>> = {
  gpu: '--against torch --hardware --device webgpu --precision f16 --torch-device cuda',
  cpu: '--against torch --train --device cpu --torch-device cpu --presets 6M --vocab 256 --context 256 --sequences 8',
}

const list = (text: string): readonly string[] => text.split(',')
const numbers = (text: string): readonly number[] => list(text).map(number)

function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('write a number, zero or more')
  return value
}

const program = new Command('bench')
  .description('Measures training and sampling, beside PyTorch where asked.')
  .addOption(new Option('--against <program>', 'measure it too, in turns').choices(['torch']))
  .option('--train', 'training steps; both kinds unless one is named')
  .option('--sample', 'batches of samples')
  .option('--presets <names>', 'models of the family', list, ['19M', '170M', '1028M'])
  .option('--device <device>', 'as for smdmc run', 'auto')
  .option('--hardware', 'not on a GPU made of software')
  .option('--facts <file>', 'predicts instead of measuring, for a GPU that a JSON file describes, in f16')
  .addOption(new Option('--precision <type>', 'of our products').choices(['f32', 'f16']).default('f32'))
  .option('--vocab <tokens>', 'size of the vocabulary', number, 32000)
  .option('--context <tokens>', 'training: tokens of a sequence', number, 2048)
  .option('--sequences <n>', 'training: sequences of a step; else 32 up to 19M, 4 for 1028M, 8', numbers)
  .option('--batch <sizes>', 'sampling: samples of a batch', numbers, [1, 8, 64])
  .option('--length <tokens>', 'sampling: tokens of a sample', numbers, [256])
  .option('--steps <counts>', 'sampling: rounds of the sampler', numbers, [64])
  .option('--guidance <strengths>', 'sampling: 0 is none', numbers, [0])
  .option('--python <command>', 'that has PyTorch; else python3 or python')
  .option('--torch-device <device>', 'cuda or cpu; else what there is')
  .option('--compile <modes>', 'PyTorch once more for each mode of torch.compile: default, reduce-overhead, max-autotune', list, [])
  .option('--published', 'PyTorch once more, as the paper’s code does it: logits everywhere')
  .option('--threads <n>', 'of PyTorch on the CPU', number)
  .option('--rounds <n>', 'rounds of each program', number, 3)
  .option('--seconds <s>', 'of measuring in each round', number, 4)
  .option('--settle <s>', 'of rest before each round', number, 1)
  .option('--results <folder>', 'where the page goes', resultsFolder())
  .addHelpText(
    'after',
    Object.entries(shorts)
      .map(([word, long]) => `\n\`bench ${word} …\` is short for \`bench ${long} …\`.`)
      .join('\n'),
  ) // prettier-ignore
  .action((options: Options) => finish(() => compare(options, words.join(' '))))

program.command('worker <task>', { hidden: true }).action((task: string) => finish(() => work(JSON.parse(task) as Task)))

const words = process.argv.slice(2)
const long = Object.hasOwn(shorts, words[0] ?? '') ? [...shorts[words[0]!]!.split(' '), ...words.slice(1)] : words
await program.parseAsync(long, { from: 'user' })

async function compare(options: Options, command: string): Promise<void> {
  const kinds = (['train', 'sample'] as const).filter((kind) => options[kind] ?? options.train === options.sample)
  if (options.facts !== undefined) {
    console.log(predictions(casesOf({ ...options, kinds, precision: 'f16' }), readFacts(options.facts)))
    return
  }
  if (options.hardware === true) await mustHaveGpu()
  const python = options.against === undefined ? undefined : findTorch(options.python === undefined ? undefined : [options.python])
  const setting: Setting = { command, date: new Date(), load: loadavg()[0]! }
  const rows: Row[] = []
  for (const c of casesOf({ ...options, kinds })) {
    const sides = [ourSide(c, options.device), ...(python === undefined ? [] : theirSides(python, c, options))]
    console.error(nameOf(c))
    const row = rowOf(c, await duel(c, sides, options, (text) => console.error(`  ${text}`)))
    rows.push(row)
    console.log(`${warning([row])}\n${tableOf([row])}\n${remarks([row])}`)
    keep(rows, setting, options.results)
  }
  console.error(`kept in ${join(options.results, fileName(rows, setting))}`)
  const wrong = rows.some(({ entries }) => entries.some(({ outcome }) => 'failed' in outcome || outcome.suspicious !== undefined))
  if (wrong) process.exitCode = 1
}

/** Beside this file; the current folder where a bundle holds it. */
function resultsFolder(): string {
  const kept = join(import.meta.dirname, 'results')
  return existsSync(kept) ? kept : process.cwd()
}

/** After every case, so that a run that is cut short leaves what it has. */
function keep(rows: readonly Row[], setting: Setting, folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, fileName(rows, setting)), resultsPage(rows, setting))
}

async function finish(command: () => Promise<void>): Promise<void> {
  try {
    await command()
  } catch (error) {
    const output = { json: false, color: false }
    if (error instanceof Failure) reportFailure(error, output)
    else reportBug(error, output)
    process.exitCode = 1
  }
}
