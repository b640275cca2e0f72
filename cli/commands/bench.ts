// smdmc bench kernels [FILE STAGE]: what each kernel of a stage takes on a GPU, beside what that GPU can do; with --tune, which tiles
// are the fastest, kept for every later run.
import { Library } from '../../compiler/build/library.ts'
import type { RunnableStage } from '../../compiler/compile.ts'
import type { Checked } from '../../compiler/check/check.ts'
import { cacheFolder } from '../../runtime/cache.ts'
import type { Backend } from '../../runtime/backend.ts'
import type { WebgpuBackend } from '../../runtime/webgpu/backend.ts'
import { noTimestamps } from '../../runtime/webgpu/messages.ts'
import { keepTuning } from '../../runtime/webgpu/tuning.ts'
import { withoutDriverCaches } from '../../runtime/webgpu/vulkan.ts'
import { benchKernels, tuneKernels } from '../bench/kernels.ts'
import { presetPage } from '../bench/page.ts'
import { benchText, tuningText } from '../bench/text.ts'
import { openBackend, type OpenBackend } from '../device.ts'
import { exits, WrongUse, type Exit } from '../exit.ts'
import { load, type LoadOptions } from '../load.ts'
import { reportDiagnostics, warn, type Output } from '../report.ts'
import { checkMicro, mustCompile, stageNamed } from './stages.ts'

export interface BenchOptions extends LoadOptions {
  readonly device: string
  /** A size of the family, where no page is given. */
  readonly preset?: string
  readonly micro?: number
  readonly tune: boolean
}

/** Without a page: what hardware is for, and what a software adapter gets done in a minute. */
const usual = { hardware: { preset: '170M' }, software: { preset: '6M', context: 128, vocab: 1024, micro: 1 } } as const

export async function benchCommand(
  file: string | undefined,
  name: string | undefined,
  options: BenchOptions,
  output: Output,
): Promise<Exit> {
  if (file !== undefined && name === undefined) {
    throw new WrongUse({ code: 'no-stage', message: 'which stage is to be measured?', advice: [`smdmc bench kernels ${file} STAGE`] })
  }
  withoutDriverCaches()
  await using opened = await openBackend(options.device, warn)
  const backend = mustTime(opened)
  if (opened.facts.software) warn(`${backend.device} computes on the CPU: this takes long, and shows that kernels work, not how fast`)
  const small = file === undefined && opened.facts.software ? usual.software : undefined
  const preset = options.preset ?? small?.preset ?? usual.hardware.preset
  const checked = file === undefined ? presetPage(preset, small ?? {}) : await load(file, options)
  const stage = stageIn(checked, name, output)
  if (stage === undefined) return exits.wrong
  const micro = options.micro ?? small?.micro
  checkMicro([stage], micro)
  const library = new Library(checked.prelude)
  const bench = (facts: OpenBackend['facts']) => ({ backend, stage, options: { facts, library, micro }, note: warn })
  const tuned = options.tune ? await tune(bench(opened.facts), output) : opened.facts.tuned
  const measured = await benchKernels(bench({ ...opened.facts, tuned }))
  if (output.json) process.stdout.write(JSON.stringify({ kind: 'bench', ...measured }) + '\n')
  else process.stdout.write(benchText(measured))
  return exits.ok
}

/** The stage that is named, or a preset's only one. */
function stageIn({ pipeline, diagnostics }: Checked, name: string | undefined, output: Output): RunnableStage | undefined {
  const told = name === undefined ? diagnostics.filter((d) => d.severity === 'error') : diagnostics
  reportDiagnostics(told, output)
  return pipeline && mustCompile(name === undefined ? pipeline.stages[0]! : stageNamed(pipeline, name))
}

function mustTime({ backend, facts }: OpenBackend): WebgpuBackend {
  if (!isWebgpu(backend)) {
    const advice = ['choose a GPU with --device; smdmc doctor lists those that are there', '--device software tries kernels on the CPU']
    throw new WrongUse({ code: 'no-kernels', message: 'on the CPU a stage is one ONNX model: it has no kernels of ours', advice })
  }
  if (!facts.features.includes('timestamp-query')) throw noTimestamps(facts.name)
  return backend
}

function isWebgpu(backend: Backend): backend is WebgpuBackend {
  return backend.kind === 'webgpu'
}

/** Measures tiles and keeps the fastest; returns all that are known of the device then. */
async function tune(bench: Parameters<typeof tuneKernels>[0], output: Output): Promise<OpenBackend['facts']['tuned']> {
  const { facts } = bench.options
  const choices = await tuneKernels(bench)
  if (choices.length === 0) {
    warn('there is nothing to tune: only products and attention in f16 on a matrix unit have tiles to choose from')
    return facts.tuned
  }
  const tuned = Object.fromEntries(choices.map(({ key, place }) => [key, place]))
  const path = await keepTuning(cacheFolder(), facts, tuned)
  if (output.json) process.stdout.write(JSON.stringify({ kind: 'tuned', device: facts.name, driver: facts.driver, choices, path }) + '\n')
  else process.stdout.write(tuningText(choices, path) + '\n')
  return { ...facts.tuned, ...tuned }
}
