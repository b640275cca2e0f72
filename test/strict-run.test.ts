// Whole runs in f16 on the GPU made of TypeScript, as an H200 is described: training on matrix units with its scaled loss, stopped and
// gone on with, then samples. Elsewhere no test has a device with f16.
import assert from 'node:assert/strict'
import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { planOf } from '../cli/commands/run.ts'
import { wantedStages } from '../cli/commands/stages.ts'
import { load } from '../cli/load.ts'
import { Library } from '../compiler/build/library.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import type { Backend } from '../runtime/backend.ts'
import type { RunEvent } from '../runtime/events.ts'
import { cpuBackend, cpuFacts } from '../runtime/onnx/backend.ts'
import { run } from '../runtime/run.ts'
import { strictBackend } from './gpu/device.ts'
import { Folder } from './helpers/cli.ts'
import { only } from './helpers/fake-jobs.ts'
import { described } from './helpers/webgpu.ts'

/** `text.txt` is what a folder of tests has. */
const page = (precision: string): string => `data sea = text("text.txt") { validation: 20% }
train tiny {
  model: transformer { layers: 1, width: 16, heads: 2, context: 16 }
  data: sea
  batch: 4 sequences
  budget: 3 steps
  optimizer: adamw { warmup: 1 steps, lr: 1e-2 }
  log: 1 steps
  validate: 0 steps
  ${precision}
}
sample story { from: tiny, prompt: "a b", length: 16 tokens, sampler: confidence { steps: 3, temperature: 0.5 } }`

interface Device {
  readonly backend: Backend
  readonly facts: DeviceFacts
}

/** Runs a page's stages, with what they leave below `name`, until they end or `stop` says so. */
async function runPage(
  folder: Folder,
  name: string,
  { backend, facts }: Device,
  stop?: (event: RunEvent) => boolean,
): Promise<readonly RunEvent[]> {
  const { pipeline, prelude, diagnostics } = await load(join(folder.path, 'page.smdm'), { set: {} })
  assert.ok(pipeline, diagnostics.map(({ message }) => message).join('\n'))
  const library = new Library(prelude)
  const stages = wantedStages(pipeline, []).map((stage) => planOf(stage, facts, library))
  const controller = new AbortController()
  const [store, runs, cache] = ['store', 'runs', 'cache'].map((part) => join(folder.path, name, part)) as [string, string, string]
  const events: RunEvent[] = []
  for await (const event of run(stages, backend, { store, runs, cache, signal: controller.signal })) {
    events.push(event)
    if (stop?.(event)) controller.abort()
  }
  assert.deepEqual(only(events, 'failed'), [])
  return events
}

const lossesOf = (events: readonly RunEvent[]): readonly number[] => only(events, 'step').map(({ loss }) => loss)

test('a training loses what one in f32 on the CPU loses; stopped and gone on with, it ends with the same bits', async () => {
  const facts = described('nvidia-h200')
  const strict = { backend: strictBackend(facts), facts }
  const half = page('precision: f16')
  using folder = new Folder(half)
  const weights = (name: string): Buffer => readFileSync(join(realpathSync(join(folder.path, name, 'runs', 'tiny')), 'model.safetensors'))
  const whole = await runPage(folder, 'whole', strict)
  const stopped = await runPage(folder, 'broken', strict, (event) => event.kind === 'step' && event.step === 1)
  assert.equal(stopped.at(-1)!.kind, 'stopped')
  const resumed = await runPage(folder, 'broken', strict)
  assert.ok(weights('broken').equals(weights('whole')), 'other weights')
  assert.equal(only(whole, 'sampled').length, 1)
  assert.deepEqual(only(resumed, 'sampled'), only(whole, 'sampled'))

  folder.write('page.smdm', page(''))
  await using backend = await cpuBackend({ threads: 1 })
  const single = lossesOf(await runPage(folder, 'single', { backend, facts: cpuFacts(1) }))
  assert.equal(single.length, 3)
  for (const [i, loss] of lossesOf(whole).entries())
    assert.ok(Math.abs(loss / single[i]! - 1) < 5e-3, `step ${i + 1}: ${loss}, not ${single[i]}`)
})
