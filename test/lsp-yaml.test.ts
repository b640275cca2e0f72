// The language server on pages in YAML, on pages with plugins, on data with columns, and on the beginnings of all worked examples.
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { writeYaml } from '../compiler/yaml/write.ts'
import { parse } from '../grammar/parse.ts'
import { cursor, Editor, edited, marked } from './helpers/editor.ts'
import { StandIns } from './helpers/stand-ins.ts'

const PAGE = `use smdm: smdm

data tales:
  is: text("tales.txt")
  validation: 1%

train base:
  is: smdm.pretrain
  model:
    is: smdm.preset(6M)
    context: 64
    layers: 2
  data: tales
  budget: 2000 steps
`
const QUESTIONS = `use smdm
data qa = jsonl("qa.jsonl") { turns: [{ given: "{qestion}", write: "{answer}" }] }
`
/** A page with code in it, which others use; and two that do, one in each form. */
const SHARED = `use smdm: smdm

data tales:
  is: text("tales.txt")

op late: |
  (t) = t ^ 3

block deep: |
  (x: [time, width]) -> [time, width] {
    param hidden
    weight W: [width, hidden]
    return x + sum[hidden](silu(sum[width](rmsnorm[width](x) * W)) * W)
  }

train base:
  is: smdm.pretrain
  model:
    is: smdm.preset(6M)
    context: 64
    layer: deep
  data: tales
  budget: 2000 steps
`
const USER = `use shared: "shared.yaml"

train ar:
  is: shared.base
  seed: 3
  objective:
    schedule: shared.late

sample story:
  from: ar
`
const SMDM_USER = `use "shared.yaml" as shared
train other = shared.base { objective { schedule: shared.late } }
`
let editor: Editor
before(async () => {
  editor = await Editor.start({
    'tales.txt': 'Once upon a time. '.repeat(1000),
    'qa.jsonl': '{"question": "1?", "answer": "1"}\n',
    'shared.yaml': SHARED,
    'user.yaml': USER,
    'user.smdm': SMDM_USER,
  })
  copyFileSync(join(import.meta.dirname, '..', 'examples', 'plugins', 'calibration.ts'), join(editor.folder, 'calibration.ts'))
})
after(async () => {
  assert.equal(await editor.close(), 0)
  await editor[Symbol.asyncDispose]()
})

const found = async (name: string, text: string) => editor.diagnostics(name, await editor.write(name, text))
const codes = async (name: string, text: string) => (await found(name, text)).map((d) => d.code)

test('diagnostics point into the YAML', async () => {
  assert.deepEqual(await codes('p.yaml', PAGE), [])
  const [one] = await found('p.yaml', PAGE.replace('budget', 'bugdet'))
  assert.equal(one?.code, 'unknown-field')
  assert.deepEqual(one?.range, { start: { line: 13, character: 2 }, end: { line: 13, character: 8 } })
  assert.deepEqual(await codes('p.yaml', PAGE.replace('2000 steps', '2000')), ['unit-required'])
  assert.deepEqual(await codes('p.json', '{ "use smdm": "smdm", "data d": { "is": "text(\\"none.txt\\")" } }'), ['missing-file'])
})

test('hover, definition and completion answer in YAML', async () => {
  assert.match(await editor.hover('p.yaml', marked(PAGE.replace('budget', 'bud|get'))), /takes steps, tokens, sequences, epochs or flops/)
  const place = await editor.definition('p.yaml', marked(PAGE.replace('data: tales', 'data: ta|les')))
  assert.deepEqual(place?.range.start.line, 2)
  const fields = await editor.complete('p.yaml', marked(`${PAGE}  se|\n`))
  assert.ok(
    fields.some((i) => i.label === 'seed'),
    fields.map((i) => i.label).join(),
  )
})

test('go to definition across use: to the file, its declarations, from code to code, into the library', async () => {
  const at = async (name: string, text: string, around: string) => {
    const place = await editor.definition(name, cursor(text, around))
    return place && `${place.uri.split('/').at(-1)}:${place.range.start.line + 1}:${place.range.start.character + 1}`
  }
  assert.equal(await at('user.yaml', USER, 'is: shared.ba|se'), 'shared.yaml:16:7')
  assert.equal(await at('user.yaml', USER, 'schedule: shared.la|te'), 'shared.yaml:6:4')
  assert.equal(await at('user.yaml', USER, 'schedule: sha|red.late'), 'user.yaml:1:5')
  assert.equal(await at('user.yaml', USER, '"shared.ya|ml"'), 'shared.yaml:1:1')
  assert.equal(await at('user.yaml', USER, 'from: a|r'), 'user.yaml:3:7')
  assert.equal(await at('user.smdm', SMDM_USER, 'shared.la|te'), 'shared.yaml:6:4')
  assert.equal(await at('shared.yaml', SHARED, 'layer: de|ep'), 'shared.yaml:9:7')
  assert.equal(await at('shared.yaml', SHARED, '(x) * W|)'), 'shared.yaml:12:12')
  assert.match((await at('shared.yaml', SHARED, 'rms|norm')) ?? '', /^norm\.smdm:/)
  assert.match((await at('shared.yaml', SHARED, 'is: smdm.pre|train')) ?? '', /^pretrain\.smdm:/)
})

test('rename across use: in pages of both forms, open or not, and in code', async () => {
  const after = async (name: string, text: string, around: string) => {
    const { changes = {} } = await editor.rename(name, cursor(text, around), 'whale')
    const texts = { 'shared.yaml': SHARED, 'user.yaml': USER, 'user.smdm': SMDM_USER }
    assert.ok(
      Object.keys(changes).every((uri) => Object.keys(texts).some((file) => editor.uri(file) === uri)),
      JSON.stringify(changes),
    )
    return Object.entries(texts).map(([file, before]) => edited(before, changes[editor.uri(file)] ?? []))
  }
  const bases = ['train base:', 'is: shared.base', 'shared.base {'].map((text) => [text, text.replace('base', 'whale')] as const)
  const renamed = [SHARED, USER, SMDM_USER].map((text) => bases.reduce((t, [from, to]) => t.replace(from, to), text))
  assert.deepEqual(await after('shared.yaml', SHARED, 'train ba|se'), renamed)
  assert.deepEqual(await after('user.yaml', USER, 'is: shared.ba|se'), renamed)
  assert.deepEqual(await after('user.smdm', SMDM_USER, 'shared.ba|se'), renamed)
  assert.deepEqual(await after('user.yaml', USER, 'schedule: shared.la|te'), [SHARED.replace('late', 'whale'), USER.replace('late', 'whale'), SMDM_USER.replace('late', 'whale')]) // prettier-ignore
  assert.deepEqual(await after('user.yaml', USER, 'use sha|red'), [SHARED, USER.replaceAll(/\bshared(?=[:.](?!yaml))/g, 'whale'), SMDM_USER]) // prettier-ignore
  assert.deepEqual(await after('shared.yaml', SHARED, 'weight W|'), [SHARED.replaceAll(/\bW\b/g, 'whale'), USER, SMDM_USER])
  await assert.rejects(editor.rename('user.yaml', cursor(USER, 'shared.ba|se'), 'deep'), /there is a `deep` already/)
})

test('hover in code of YAML: dimensions with sizes', async () => {
  assert.match(await editor.hover('shared.yaml', cursor(SHARED, 'rmsnorm[width](x|)')), /`\[batch, time 64, width 256\]`/)
  assert.match(await editor.hover('shared.yaml', cursor(SHARED, 'weight W|')), /`\[width 256, hidden 1024\]` · 1 MiB/)
})

test('formatting gives the canonical YAML', async () => {
  const untidy = PAGE.replace('budget: 2000 steps', 'budget:    2000 steps')
  const tidy = edited(untidy, await editor.format('p.yaml', untidy))
  assert.deepEqual(await editor.format('p.yaml', tidy), [])
  assert.match(tidy, /budget: 2000 steps/)
})

test('kinds of a plugin are known once it is loaded', async () => {
  const page = `use smdm
use "./calibration.ts"
data tales = text("tales.txt") { validation: 10% }
train base = smdm.pretrain { model: smdm.preset(6M) { context: 64 }, data: tales, budget: 2000 steps }
calibration sure { from: base, data: tales.validation, bin: 3 }
`
  assert.deepEqual(await codes('plug.smdm', page), ['unknown-field'])
  assert.match(await editor.hover('plug.smdm', marked(page.replace('bin: 3', 'hi|de: 3%'))), /Share of tokens that are hidden/)
  const words = await editor.complete('plug.smdm', marked(`${page}cal|`))
  assert.ok(words.some((i) => i.label === 'calibration'))
})

test('a plugin that is written, cured or changed while the server runs is loaded again', async () => {
  const plugin = (field: string): string =>
    `export const plugin = { kinds: { probe: { doc: '', fields: { ${field}: { type: { is: 'text' }, doc: '' } }, run: () => [] } } }`
  const page = 'use "./probe.ts"\nprobe p { a: "x" }\n'
  assert.deepEqual(await codes('late.smdm', page), ['cannot-use'], 'it is not there')
  for (const [text, expected] of [
    ['export const plugin = {', ['cannot-use']],
    [plugin('a'), []],
    [plugin('other'), ['unknown-field']],
  ] as const) {
    writeFileSync(join(editor.folder, 'probe.ts'), text)
    assert.deepEqual(await codes('late.smdm', page), expected, text)
  }
})

test('columns are those of the file', async () => {
  const [one] = await found('qa.smdm', QUESTIONS)
  assert.equal(one?.code, 'not-available')
  const all = await codes('qa.smdm', QUESTIONS)
  assert.ok(all.includes('unknown-column'), all.join())
})

test('no beginning of a worked example stops the server', async () => {
  using standIns = new StandIns()
  for (const name of standIns.pages) {
    const text = readFileSync(join(standIns.path, name), 'utf8')
    const yaml = writeYaml(parse({ name, text }).module)
    for (const [file, whole] of [
      ['half.smdm', text],
      ['half.yaml', yaml],
    ] as const) {
      for (let length = 0; length < whole.length; length += 37) await editor.write(file, whole.slice(0, length))
      const at = { line: whole.split('\n').length - 1, character: 0 }
      await editor.write(file, whole)
      await editor.request('textDocument/completion', { textDocument: { uri: editor.uri(file) }, position: at })
    }
  }
  assert.deepEqual(await codes('p.yaml', PAGE), [], 'it still answers')
})
