// The reference cases on both backends. A comparison that is not supported yet is named in the test's title, never counted as passed.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { openBackend } from '../cli/device.ts'
import { preludeScope } from '../cli/library.ts'
import { casesIn } from './golden/case.ts'
import { compare } from './golden/compare.ts'
import { passed } from './golden/outcome.ts'

for (const device of ['cpu', 'webgpu'] as const) {
  test(`reference cases on ${device}`, async (t) => {
    await using opened = await openBackend(device, () => undefined)
    const bench = { backend: opened.backend, facts: opened.facts, prelude: preludeScope(), precision: 'f32' as const }
    for (const c of casesIn(join(import.meta.dirname, 'golden/cases'))) {
      const outcomes = await compare(c, bench)
      const missing = outcomes.flatMap((o) => (o.kind === 'unsupported' ? [o.why] : []))
      const title = missing.length === 0 ? c.name : `${c.name} (not supported: ${missing.join(', ')})`
      await t.test(title, () => {
        for (const o of outcomes) {
          if (o.kind === 'measured') assert.ok(passed(o), `${o.what}: ${o.error} exceeds ${o.tolerance}`)
        }
      })
    }
  })
}
