// Cases and a GPU that need not be here → what is expected of it, as a table in Markdown, before anything is measured.
import type { DeviceFacts } from '../../compiler/facts.ts'
import { si } from '../../cli/bench/text.ts'
import { Failure } from '../../runtime/events.ts'
import { nameOf, type Case } from './case.ts'
import { floorOf } from './floor.ts'
import { jobOf } from './job.ts'
import { predictedFor } from './predicted.ts'
import { markdown } from './table.ts'

const HEAD = ['', 'operations', 'traffic', 'dispatches', 'at least', 'expected', 'speed over PyTorch’s']

/** Per step, or per round of a sampler. Fails with a Failure for a GPU whose peaks are not known. */
export function predictions(cases: readonly Case[], facts: DeviceFacts): string {
  return markdown([HEAD, ...cases.map((c) => cells(c, facts))])
}

function cells(c: Case, facts: DeviceFacts): readonly string[] {
  const { job } = c.kind === 'train' ? jobOf(c, facts) : jobOf(c, facts)
  const floor = c.precision === 'f16' ? floorOf(job, facts.name) : undefined
  if (floor === undefined) {
    const advice = ['its name has to hold H100, H200 or A100', 'and predictions are of `--precision f16`']
    throw new Failure({ code: 'no-peaks', message: `what ${facts.name} can do at its best is not known`, advice })
  }
  const ratio = predictedFor(c)
  return [
    nameOf(c),
    si(floor.flops, 'FLOP'),
    si(floor.bytes, 'B'),
    String(floor.dispatches),
    `${floor.least.toPrecision(3)} ms`,
    `${floor.expected.toPrecision(3)} ms`,
    ratio ? `${ratio.least} to ${ratio.most}` : '',
  ]
}
