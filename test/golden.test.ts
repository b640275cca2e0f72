// The reference cases on both backends, and some in f16 on matrix units, as the GPU made of TypeScript carries them out. A comparison that
// is not supported yet is named in the test's title, never counted as passed.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { openBackend } from '../cli/device.ts'
import { preludeScope } from '../cli/library.ts'
import { casesIn } from './golden/case.ts'
import { compare } from './golden/compare.ts'
import { passed } from './golden/outcome.ts'
import { strictBackend } from './gpu/device.ts'
import { described } from './helpers/webgpu.ts'

type Bench = Omit<Parameters<typeof compare>[1], 'prelude'>

const prelude = preludeScope()

/** The cases in a folder of them. */
async function agree(t: TestContext, bench: Bench, folder = ''): Promise<void> {
  for (const c of casesIn(join(import.meta.dirname, 'golden/cases', folder))) {
    const outcomes = await compare(c, { ...bench, prelude })
    const missing = outcomes.flatMap((o) => (o.kind === 'unsupported' ? [o.why] : []))
    const title = missing.length === 0 ? c.name : `${c.name} (not supported: ${missing.join(', ')})`
    await t.test(title, () => {
      for (const o of outcomes) {
        if (o.kind === 'measured') assert.ok(passed(o), `${o.what}: ${o.error} exceeds ${o.tolerance}`)
      }
    })
  }
}

for (const device of ['cpu', 'webgpu'] as const) {
  test(`reference cases on ${device}`, async (t) => {
    await using opened = await openBackend(device, () => undefined)
    await agree(t, { ...opened, precision: 'f32' })
  })
}

test('a forward pass, a training and a sampling in f16 on an H200 made of TypeScript', async (t) => {
  const backend = strictBackend(described('nvidia-h200'))
  for (const folder of ['A_mdm_forward/a_w64_mha', 'C_pretrain/mdm_t0', 'E_sampling/greedy_mha']) {
    await agree(t, { backend, facts: backend.facts, precision: 'f16' }, folder)
  }
})
