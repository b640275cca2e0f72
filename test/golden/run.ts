// npm run golden -- DIR --device cpu|webgpu [--precision f32|f16]
// Runs every reference case under DIR and prints a line for each comparison, the error beside its tolerance. Exit code 1 when one fails.
import { parseArgs } from 'node:util'
import { openBackend } from '../../cli/device.ts'
import { preludeScope } from '../../cli/library.ts'
import { precisionOn } from '../../compiler/target.ts'
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

await using opened = await openBackend(values.device, console.error)
const precision = precisionOn(opened.facts, values.precision === 'f16' ? 'f16' : 'f32')
if (precision !== values.precision) throw new Error(`${opened.backend.device} has no ${values.precision}`)
const bench = { backend: opened.backend, facts: opened.facts, prelude: preludeScope(), precision }
const tally = { passed: 0, failed: 0, unsupported: 0 }
for (const c of casesIn(folder)) {
  for (const outcome of await compare(c, bench)) {
    console.log(line(c.name, outcome))
    tally[outcome.kind === 'unsupported' ? 'unsupported' : passed(outcome) ? 'passed' : 'failed']++
  }
}
console.log(`on ${opened.backend.device}: ${tally.passed} passed, ${tally.failed} failed, ${tally.unsupported} not supported`)
process.exitCode = tally.failed > 0 ? 1 : 0
