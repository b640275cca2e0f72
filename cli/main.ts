// argv → command → exit code.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { PluginMistake } from '../compiler/bug.ts'
import { Failure } from '../runtime/events.ts'
import { asFailure } from '../runtime/failures.ts'
import { pluginFailed } from '../runtime/plugged.ts'
import type { BenchOptions } from './commands/bench.ts'
import type { ExplainOptions } from './commands/explain.ts'
import type { PlanOptions } from './commands/plan.ts'
import { EXPLAINED } from './explained.ts'
import { home } from './home.ts'
import { exits, WrongUse, type Exit } from './exit.ts'
import { reportBug, reportFailure, type Output } from './report.ts'

interface Common {
  readonly json?: boolean
  readonly color?: boolean
}
interface PageOptions extends Common {
  readonly set: Readonly<Record<string, string>>
  readonly memory?: number
}

const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }

const program = new Command('smdmc')
  .description('Trains, samples and evaluates masked diffusion language models from one page.')
  .version(version)
  .showHelpAfterError('(smdmc --help lists the commands)')
  .configureOutput({ outputError: (text, write) => write(inOurWords(text)) })
  .exitOverride((e) => process.exit(e.exitCode === 0 ? exits.ok : exits.wrong))

/** A command on one page, with what all of those take. */
function page(name: string, description: string, parent = program): Command {
  return parent
    .command(name)
    .description(description)
    .addOption(
      new Option('--set <name=value>', 'set a param of the page; may be given several times').argParser(collect).default({}, 'none'),
    )
    .option('--memory <size>', 'check that every stage fits, such as 12GiB', size)
    .option('--json', 'one JSON object a line, for programs')
    .option('--no-color', 'plain text')
}

page('run <file> [stages...]', 'run the stages of a page, or those named and what they need')
  .option('--device <device>', 'auto, cpu, webgpu, software, or part of a name', 'auto')
  .option('--micro <sequences>', 'sequences per run of the device, instead of the compiler’s choice', whole)
  .option('--store <folder>', 'where results are kept', '.smdmc')
  .action((file: string, stages: readonly string[], o: PageOptions & { device: string; micro?: number; store: string }) =>
    finish(o, async (output) => (await import('./commands/run.ts')).runCommand(file, stages, o, output)),
  )

page('check <file>', 'say what is wrong with a page').action((file: string, o: PageOptions) =>
  finish(o, async (output) => (await import('./commands/check.ts')).checkCommand(file, o, output)),
)

page('plan <file> [stages...]', 'say what a run would do and cost')
  .option('--facts <file>', 'compile for a device described in JSON')
  .option('--device <device>', 'compile for a device that is here, as for run')
  .option('--micro <sequences>', 'sequences per run of the device', whole)
  .action((file: string, stages: readonly string[], o: PageOptions & Omit<PlanOptions, keyof PageOptions>) =>
    finish(o, async (output) => (await import('./commands/plan.ts')).planCommand(file, stages, o, output)),
  )

page('why <file> [stage]', 'say whether a stage would run, and what changed since it last did')
  .option('--store <folder>', 'where results are kept', '.smdmc')
  .action((file: string, stage: string | undefined, o: PageOptions & { store: string }) =>
    finish(o, async (output) => (await import('./commands/why.ts')).whyCommand(file, stage, o, output)),
  )

page('diff <what...>', 'compare two stages: FILE A B, or FILE:A OTHER:B').action((what: readonly string[], o: PageOptions) =>
  finish(o, async (output) => (await import('./commands/diff.ts')).diffCommand(what, o, output)),
)

page('explain <file> [stage]', 'print a stage of compilation, or where the values of a stage come from')
  .addOption(new Option('--at <what>', 'what to print').choices(EXPLAINED).default('values'))
  .option('--facts <file>', 'a device described in JSON, instead of the one here')
  .option('--device <device>', 'as for run', 'auto')
  .option('--micro <sequences>', 'sequences per run of the device', whole)
  .action((file: string, stage: string | undefined, o: PageOptions & Omit<ExplainOptions, keyof PageOptions>) =>
    finish(o, async (output) => (await import('./commands/explain.ts')).explainCommand(file, stage, o, output)),
  )

page('kernels [file] [stage]', 'time each kernel of a stage, beside what the GPU can do', program.command('bench').description('measure'))
  .option('--device <device>', 'as for run, without the CPU', 'webgpu')
  .option('--preset <size>', 'a size of the family, where no page is given')
  .option('--micro <sequences>', 'sequences per run of the device', whole)
  .option('--tune', 'measure the tiles of products and attention first, and keep the fastest for later runs', false)
  .action((file: string | undefined, stage: string | undefined, o: PageOptions & Omit<BenchOptions, keyof PageOptions>) =>
    finish(o, async (output) => (await import('./commands/bench.ts')).benchCommand(file, stage, o, output)),
  )

program
  .command('fmt <files...>')
  .description('give pages their canonical layout')
  .option('--check', 'change nothing; fail if a file would change', false)
  .option('--json', 'diagnostics as JSON')
  .option('--no-color', 'plain text')
  .action((files: readonly string[], o: Common & { check: boolean }) =>
    finish(o, async (output) => (await import('./commands/format.ts')).formatCommand(files, o, output)),
  )

program
  .command('convert <file>')
  .description('print the other form of a page: YAML for .smdm, .smdm for YAML and JSON')
  .option('-o, --output <file>', 'write it here')
  .option('--json', 'diagnostics as JSON')
  .option('--no-color', 'plain text')
  .action((file: string, o: Common & { output?: string }) =>
    finish(o, async (output) => (await import('./commands/convert.ts')).convertCommand(file, o, output)),
  )

program
  .command('doctor')
  .description('list the devices found, and what would give a better one')
  .option('--json', 'as JSON')
  .action((o: Common) => finish(o, async (output) => (await import('./commands/doctor.ts')).doctorCommand(output)))

program
  .helpCommand(false)
  .command('help [what]')
  .description('explain a command, or a diagnostic by its code')
  .action(async (what: string | undefined, o: Common) => {
    const command = program.commands.find((c) => c.name() === what)
    if (what === undefined || command) (command ?? program).outputHelp()
    else await finish(o, async () => (await import('./commands/help.ts')).helpCommand(what))
  })

program
  .command('lsp')
  .description('serve an editor: diagnostics, hover, completion, rename, formatting')
  .option('--stdio', 'over standard input and output, which is the only way')
  .allowUnknownOption()
  .allowExcessArguments()
  .action(async () => (await import('./commands/lsp.ts')).lspCommand())

// Whoever reads our output may stop early: `smdmc explain … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exits.ok)
  const failure = asFailure(error, 'writing the output')
  // Standard output takes nothing any more.
  if (failure instanceof Failure) reportFailure(failure, { json: false, color: false })
  process.exit(exits.failed)
})

await program.parseAsync()

/** Runs a command; what the world did wrong becomes a message and an exit code. */
async function finish(options: Common, command: (output: Output) => Promise<Exit>): Promise<void> {
  const output: Output = { json: options.json === true, color: options.color !== false && process.stderr.isTTY && !process.env['NO_COLOR'] }
  // What a plugin prints is no JSON, and standard output holds nothing else.
  if (output.json) console.log = console.info = console.debug = console.error
  try {
    process.exitCode = await command(output)
  } catch (thrown) {
    const error = thrown instanceof PluginMistake ? pluginFailed(thrown.stage, thrown) : asFailure(thrown, 'working')
    if (error instanceof Failure) reportFailure(error, output)
    else reportBug(error, output)
    process.exitCode = error instanceof WrongUse ? exits.wrong : exits.failed
  }
}

/** What is missing or too much, with what to write; all else as it is. */
function inOurWords(text: string): string {
  const command = process.argv[2] ?? ''
  const [, page] = /^error: unknown command '(.+\.(?:smdm|ya?ml|json))'/.exec(text) ?? []
  if (page !== undefined) return `error: what to do with ${page}? Write smdmc run ${page}, or smdmc check ${page}\n`
  if (/^error: missing required argument 'files?'/.test(text)) return `error: which page? Write smdmc ${command} page.smdm\n`
  if (/^error: too many arguments for 'convert'/.test(text))
    return `error: convert reads one page. Write smdmc convert page.smdm -o other.yaml\n`
  return text
}

function collect(text: string, before: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('write name=value, in quotes if it has blanks: --set "steps=300 steps"')
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1) }
}

function size(text: string): number {
  const [, number, prefix = '', binary] = /^(\d+(?:\.\d+)?)\s*([kKMGT]?)(i?)B$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('write a size such as 12GiB')
  return Number(number) * (binary === 'i' ? 1024 : 1000) ** ' KMGT'.indexOf(prefix.toUpperCase() || ' ')
}

function whole(text: string): number {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('write a whole number above zero')
  return n
}
