// Time of a training step on the CPU backend, and how it compares with PyTorch where that is installed:
//   node --import tsx bench/cpu/train.ts [--steps 20] [--rounds 2] [--threads N]
// Both run in turns, so that a change of the machine's mood meets both. Compare ratios, and on a quiet machine only.
import { parseArgs } from 'node:util'
import { cpuBackend, cpuFacts } from '../../runtime/onnx/backend.ts'
import { batchOf, initialise, sizes6M, stepPlan } from './model.ts'
import { findTorch, runTorch } from './torch.ts'

interface Sample {
  readonly milliseconds: number
  readonly busy: number
}

const { values } = parseArgs({
  options: { steps: { type: 'string', default: '20' }, rounds: { type: 'string', default: '2' }, threads: { type: 'string' } },
})
const sizes = sizes6M
const steps = Number(values.steps)
const facts = cpuFacts(values.threads === undefined ? undefined : Number(values.threads))
const began = performance.now()
const { plan, parameters } = stepPlan(sizes, facts)
const compiled = performance.now() - began
await using backend = await cpuBackend({ threads: facts.threads })
await using executable = await backend.load(plan)
await initialise(executable, plan)
console.log(`${backend.device}: ${(parameters / 1e6).toFixed(2)}M parameters, compiled in ${compiled.toFixed(0)} ms`)

const python = findTorch()
const ours: Sample[] = []
const theirs: Sample[] = []
let version = ''
for (let round = 0; round < Number(values.rounds); round++) {
  ours.push(...(await measure()).slice(2))
  if (python === undefined) continue
  const run = runTorch(python, sizes, steps + 2, facts.threads ?? 1)
  version = run.torch
  theirs.push(...run.milliseconds.map((milliseconds, i) => ({ milliseconds, busy: run.busy[i]! })).slice(2))
}
show('smdmc', ours)
if (python === undefined) console.log('no python3 with torch: no ratio')
else {
  show(`PyTorch ${version}`, theirs)
  const ratio = (pick: (s: Sample) => number): string => (least(theirs, pick) / least(ours, pick)).toFixed(2)
  console.log(`ratio of speeds (min): ${ratio((s) => s.milliseconds)}; of processor time: ${ratio((s) => s.busy)}`)
}

async function measure(): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  for (let step = 1; step <= steps + 2; step++) {
    const start = performance.now()
    const cpu = process.cpuUsage()
    await executable.run('step', batchOf(sizes, step), { row: sizes.rows })
    const { user, system } = process.cpuUsage(cpu)
    samples.push({ milliseconds: performance.now() - start, busy: (user + system) / 1000 })
  }
  return samples
}

function least(samples: readonly Sample[], pick: (s: Sample) => number): number {
  return Math.min(...samples.map(pick))
}

function show(name: string, samples: readonly Sample[]): void {
  const sorted = samples.map((s) => s.milliseconds).toSorted((a, b) => a - b)
  const [min, median] = [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!]
  const tokens = (sizes.batch * sizes.time * 1000) / min
  const busy = least(samples, (s) => s.busy).toFixed(0)
  console.log(
    `${name}: ${min.toFixed(1)} ms/step min, ${median.toFixed(1)} median, ${tokens.toFixed(0)} tokens/s; ${busy} ms of processor time`,
  )
}
