// Every program in the documentation is right, or wrong in the way that is shown.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { load } from '../cli/load.ts'
import { referenceText } from '../compiler/report/reference-text.ts'
import { render } from '../grammar/frame.ts'
import { programsIn } from './helpers/docs.ts'

const plugin = join(import.meta.dirname, '..', 'examples', 'plugins', 'calibration.ts')
const folder = mkdtempSync(join(tmpdir(), 'smdmc-docs-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
cpSync(join(import.meta.dirname, 'fixtures', 'docs'), folder, { recursive: true })
cpSync(plugin, join(folder, 'calibration.ts'))

for (const [i, { section, language, text, error }] of ['README.md', 'docs/language.md', 'docs/extending.md']
  .flatMap(programsIn)
  .entries()) {
  test(`${section}${error === undefined ? '' : ', a mistake'}`, async () => {
    const file = join(folder, `${i}.${language}`)
    writeFileSync(file, text)
    const { diagnostics } = await load(file, { set: {} })
    const messages = diagnostics
      .map((d) => render(d))
      .join('\n')
      .replaceAll(file, 'page.smdm')
      .replaceAll(/\S*page.smdm/g, 'page.smdm')
    // A program that shows one thing may leave another unused.
    const wrong = diagnostics.filter((d) => d.severity === 'error' || !['unused', 'not-available'].includes(d.code))
    if (error === undefined)
      assert.deepEqual(
        wrong.map((d) => d.code),
        [],
        messages,
      )
    else assert.ok(messages.includes(error.trimEnd()), `expected\n${error}\ngot\n${messages}`)
  })
}

test('docs/reference.md is fresh', () => {
  const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'reference.md'), 'utf8')
  assert.equal(page, referenceText(), 'run: node --import tsx scripts/generate-reference.ts')
})

test('the TypeScript that is shown is in the example', () => {
  const text = readFileSync(join(import.meta.dirname, '..', 'docs', 'extending.md'), 'utf8')
  const shown = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map((m) => m[1]!)
  assert.ok(shown.length > 3)
  const source = readFileSync(plugin, 'utf8')
  for (const part of shown) assert.ok(source.includes(part), part)
})
