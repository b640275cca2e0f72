// In a process of its own, on a card that is not there: makes the pipelines of a case one after the other. What the driver's compiler
// prints of each goes to standard error behind a line with what the plan says of the kernel.
import { writeSync } from 'node:fs'
import type { DeviceFacts } from '../../compiler/facts.ts'
import { compile } from '../../runtime/webgpu/pipelines.ts'
import { openDevice } from '../../runtime/webgpu/device.ts'
import type { Case } from '../against/case.ts'
import { jobOf } from '../against/job.ts'
import { mark, type KernelMark } from './nak.ts'

interface Wanted {
  readonly case: Case
  readonly only: string
}

const { case: wanted, only } = JSON.parse(process.argv[2]!) as Wanted
const opened = await openDevice({ software: false })
// The largest card there is, so that the plan is that of a data centre.
const facts: DeviceFacts = { ...opened.facts, memory: 140e9 }
const { plan } = jobOf(wanted, facts).job
if (plan.target !== 'webgpu') throw new Error('a plan for another target')
const steps = plan.programs.flatMap((program) => program.steps)
process.stdout.write(`${opened.label}\n`)
for (const [i, kernel] of plan.kernels.entries()) {
  if (!new RegExp(only).test(kernel.label)) continue
  const { label, flops } = kernel
  const told: KernelMark = { label, flops, times: steps.filter((step) => step.kernel === i).length }
  writeSync(2, `\n${mark}${JSON.stringify(told)}\n`)
  await compile(opened.device, [kernel])
}
process.exit()
