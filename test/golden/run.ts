// npm run golden -- DIR --device cpu|webgpu|FILE [--precision f32|f16]
// FILE describes a device, such as test/devices/nvidia-h200.json: its kernels are carried out lane by lane, as test/gpu does it.
// Runs every reference case under DIR and prints a line for each comparison, the error beside its tolerance. Exit code 1 when one fails.
import { parseArgs } from 'node:util'
import { openBackend, readFacts } from '../../cli/device.ts'
import { preludeScope } from '../../cli/library.ts'
import { precisionOn } from '../../compiler/target.ts'
import { strictBackend } from '../gpu/device.ts'
import { casesIn } from './case.ts'
import { compare } from './compare.ts'
import { passed, type Outcome } from './outcome.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { device: { type: 'string', default: 'cpu' }, precision: { type: 'string', default: 'f32' } },
})
const [folder = 'test/golden/cases'] = positionals

const line = (name: string, o: Outcome): string =>
  o.kind === 'unsupported'
    ? `not supported  ${name}: ${o.why}`
    : `${passed(o) ? 'pass' : 'FAIL'}  ${name}  ${o.what}: ${o.error.toPrecision(3)} (tolerance ${o.tolerance})`

const strict = values.device.endsWith('.json') ? strictBackend(readFacts(values.device)) : undefined
await using opened = strict ? undefined : await openBackend(values.device, console.error)
const { backend, facts } = opened ?? { backend: strict!, facts: strict!.facts }
const precision = precisionOn(facts, values.precision === 'f16' ? 'f16' : 'f32')
if (precision !== values.precision) throw new Error(`${backend.device} has no ${values.precision}`)
const bench = { backend, facts, prelude: preludeScope(), precision }
const tally = { passed: 0, failed: 0, unsupported: 0 }
for (const c of casesIn(folder)) {
  for (const outcome of await compare(c, bench)) {
    console.log(line(c.name, outcome))
    tally[outcome.kind === 'unsupported' ? 'unsupported' : passed(outcome) ? 'passed' : 'failed']++
  }
}
console.log(`on ${backend.device}: ${tally.passed} passed, ${tally.failed} failed, ${tally.unsupported} not supported`)
process.exitCode = tally.failed > 0 ? 1 : 0
