// Kinds that a TypeScript file brings: the example plugin as a user runs it, and what is said when a plugin or its use is wrong.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { Plugin } from '../compiler/spec/plugin.ts'
import { checked, shown } from './helpers/check.ts'
import { Folder, pageText, type Line } from './helpers/cli.ts'

const example = join(import.meta.dirname, '..', 'examples', 'plugins', 'calibration.ts')

/** A tiny page that uses the example plugin as `name`; `more` stands behind it. */
function withPlugin(folder: Folder, more: string, name = './calibration.ts'): void {
  copyFileSync(example, join(folder.path, 'calibration.ts'))
  const page = pageText({ end: `calibration sure { from: tiny, data: sea, hide: 30% }\n${more}` })
  writeFileSync(join(folder.path, 'page.smdm'), `use "${name}"\n${page}`)
}

const metricsOf = (lines: readonly Line[]): readonly (Line & { kind: 'metric' })[] => lines.filter((l) => l.kind === 'metric')

for (const device of ['cpu', 'software']) {
  test(`${device}: the example's kind runs, and is found again`, async () => {
    using folder = new Folder()
    withPlugin(folder, 'calibration again = sure { seed: 1 }')
    const first = await folder.run('run', 'page.smdm', 'sure', 'again', '--device', device, '--json')
    assert.equal(first.code, 0, first.stderr)
    const metrics = metricsOf(first.lines)
    assert.deepEqual(
      metrics.map((m) => [m.stage, m.name]),
      [
        ['sure', 'accuracy'],
        ['sure', 'calibration error'],
        ['again', 'accuracy'],
        ['again', 'calibration error'],
      ],
    )
    assert.ok(metrics.every((m) => m.value >= 0 && m.value <= 1))
    assert.notEqual(metrics[1]!.value, metrics[3]!.value, 'another seed hides other tokens')
    const second = await folder.run('run', 'page.smdm', 'sure', '--device', device, '--json')
    assert.deepEqual(metricsOf(second.lines), metrics.slice(0, 2))
    assert.ok(second.lines.some((l) => l.kind === 'stage' && l.stage === 'sure' && l.state === 'cached'))
  })
}

test('its numbers stand in a table beside those of other stages', async () => {
  using folder = new Folder()
  withPlugin(folder, 'table both { rows: [tiny, sure], write: "both.csv" }')
  const { code, stderr } = await folder.run('run', 'page.smdm', 'both', '--device', 'cpu')
  assert.equal(code, 0, stderr)
  const lines = folder.read('both.csv').trimEnd().split('\n')
  assert.match(lines[0]!, /^stage,key,.*"loss, nats per token","accuracy, of hidden tokens","calibration error, of probability"$/)
  assert.match(lines[1]!, /^tiny,[0-9a-f]{12},\d.*\d,,$/)
  assert.match(lines[2]!, /^sure,[0-9a-f]{12},,,0\.\d{4}[^,]*,0\.\d{4}/)
})

test('a plugin is found by the name of its package, and its text is part of the key', async () => {
  using folder = new Folder()
  const home = join(folder.path, 'node_modules', 'calibrate')
  mkdirSync(home, { recursive: true })
  withPlugin(folder, '', 'calibrate')
  copyFileSync(example, join(home, 'index.ts'))
  writeFileSync(join(home, 'package.json'), '{ "name": "calibrate", "type": "module", "exports": "./index.ts" }')
  const keyOf = async (): Promise<string> => {
    const { code, stdout, stderr } = await folder.run('plan', 'page.smdm', '--json')
    assert.equal(code, 0, stderr)
    const plan = JSON.parse(stdout) as { stages: readonly { stage: string; key: string }[] }
    return plan.stages.find((s) => s.stage === 'sure')!.key
  }
  const before = await keyOf()
  assert.equal(await keyOf(), before)
  writeFileSync(join(home, 'index.ts'), readFileSync(example, 'utf8') + '\n')
  assert.notEqual(await keyOf(), before)
})

const mistakes: readonly (readonly [what: string, plugin: string | undefined, more: string, message: RegExp])[] = [
  [
    'its own check',
    undefined,
    'calibration none = sure { hide: 0% }',
    /error\[plugin-problem\]: nothing is hidden.*\n.*\n.*\n.*hide: 0%.*\n.*\^\^\n.*write `hide: 15%`/,
  ],
  ['an unknown field', undefined, 'calibration b = sure { bin: 5 }', /a calibration has no `bin`[^]*did you mean `bins`/],
  ['a wrong unit', undefined, 'calibration b = sure { hide: 3 steps }', /`hide` cannot be measured in steps/],
  ['a missing field', undefined, 'calibration b { from: tiny }', /`b` has no `data`/],
  ['an unknown kind', undefined, 'calibratoin b { from: tiny }', /did you mean `calibration`/],
  ['another kind', undefined, 'calibration b = tiny { seed: 3 }', /`b` is a calibration, but this is a train/],
  ['no such file', './calibratio.ts', '', /there is no such file or package[^]*did you mean `.\/calibration.ts`/],
  ['a file of another sort', 'text.txt', '', /it is neither a page \(.smdm, .yaml, .json\) nor a plugin \(.ts, .js\)\n --> [^=]*\n\n/],
  ['a file of another sort, by its path', './text.txt', '', /it is neither a page/],
  ['no plugin in it', './text.ts', '', /it exports no `plugin`/],
  [
    'a mistake of syntax in it',
    './syntax.ts',
    '',
    /loading it failed: [^\n]*syntax.ts:\d+:\d+: ERROR: Expected identifier[^\n]*\n --> page.smdm:1:5\n/,
  ],
  ['a mistake in it', './broken.ts', '', /loading it failed: not today/],
  ['a taken word', './taken.ts', '', /brings the kind `train`, which is there already/],
]

for (const [what, plugin, more, message] of mistakes) {
  test(`what is said of ${what}`, async () => {
    using folder = new Folder()
    withPlugin(folder, more, plugin)
    writeFileSync(join(folder.path, 'text.ts'), 'export const text = 1')
    writeFileSync(join(folder.path, 'broken.ts'), `throw new Error('not today')`)
    writeFileSync(join(folder.path, 'syntax.ts'), 'export const plugin = {')
    writeFileSync(join(folder.path, 'taken.ts'), `export const plugin = { kinds: { train: { doc: '', fields: {}, run: () => [] } } }`)
    const { code, stderr } = await folder.run('check', 'page.smdm')
    assert.equal(code, 2)
    assert.match(stderr, message)
  })
}

/** A plugin with the kind `probe` of one field, with other parts of the kind. */
function probe(field: unknown, kind: object = {}, [word, name] = ['probe', 'a']): unknown {
  return { kinds: { [word]: { doc: '', fields: { [name]: field }, run: () => undefined, ...kind } } }
}

const typed = (type: unknown, more: object = {}): object => ({ type, doc: '', ...more })
const text = typed({ is: 'text' })

/** What is said of a page that uses the plugin. */
function saidOf(plugin: unknown): string {
  const { diagnostics } = checked('use "./probe.ts"\nprobe b { a: "x" }\n', { plugin: () => ({ plugin: plugin as Plugin, sha256: '' }) })
  return shown(diagnostics)
}

const schemas: readonly (readonly [message: string, plugin: unknown])[] = [
  ['its `kinds` are empty', { kinds: {} }],
  ['no page can say `a probe`: a kind is called by a name', probe(text, {}, ['a probe', 'a'])],
  ['no page can say `let`: a kind is called by a name', probe(text, {}, ['let', 'a'])],
  ['its kind `probe` has no `doc`', probe(text, { doc: undefined })],
  ['`lower` of its kind `probe` is no function', probe(text, { lower: 5 })],
  ['the field `a b` of its kind `probe` has no name that a page can say', probe(text, {}, ['probe', 'a b'])],
  ['the field `a` of its kind `probe` is no record with `type` and `doc`', probe(1)],
  ['the field `a` of its kind `probe` has no `doc`', probe({ type: { is: 'text' } })],
  ["the field `a` of its kind `probe` has no `type` such as `{ is: 'text' }`", probe({ doc: '' })],
  ['the field `a` of its kind `probe` has the type `txt`; did you mean `text`?', probe(typed({ is: 'txt' }))],
  ['the field `a` of its kind `probe` has the type `axes`; a plugin’s fields are text, truth, word,', probe(typed({ is: 'axes' }))],
  ['the field `a` of its kind `probe` has no `words`, a list of texts', probe(typed({ is: 'word' }))],
  ['the field `a` of its kind `probe` has no list of types in `of`', probe(typed({ is: 'either' }))],
  ["the field `a` of its kind `probe` has no `units`: write `units: ['none']` for a plain number", probe(typed({ is: 'quantity' }))],
  [
    'the field `a` of its kind `probe` has several `units`, and a plugin is given a number without its unit: choose one of steps and tokens',
    probe(typed({ is: 'list', of: { is: 'quantity', units: ['steps', 'tokens'] } })),
  ],
  ['the field `a` of its kind `probe` is measured in `stepz`; there are none,', probe(typed({ is: 'quantity', units: ['stepz'] }))],
  [
    'the field `a` of its kind `probe` cannot hold this: of records a plugin is given `data`, in a field of its own',
    probe(typed({ is: 'list', of: { is: 'record', kind: 'data' } })),
  ],
  [
    "the field `a` of its kind `probe` cannot hold this: of stages a plugin is given the training in `from`, with `kinds: ['train']`",
    probe(typed({ is: 'stage', kinds: ['train'] })),
  ],
  ['the field `from` of its kind `probe` must be of type stage: it gives the model', probe(text, {}, ['probe', 'from'])],
  ['the field `a` of its kind `probe` has a default that is no text: write it as a page', probe(typed({ is: 'text' }, { default: 5 }))],
  [
    'the field `a` of its kind `probe` has the default `5 steps`, but `default` cannot be a number of steps',
    probe(typed({ is: 'text' }, { default: '5 steps' })),
  ],
]

test('what is wrong with a schema is said where it is used, once', () => {
  for (const [message, plugin] of schemas) {
    const said = saidOf(plugin)
    assert.ok(said.startsWith(`error[cannot-use]: I cannot use \`./probe.ts\`: ${message}`), `${message}\n${said}`)
    assert.match(said, /^.*\n --> page.smdm:1:5\n.*\n.*\n.*\^\n$/, message)
  }
  assert.equal(saidOf(probe(text)), '')
})

test('a check that fails, or gives no list, is told as the plugin’s mistake', () => {
  const failing = (): never => {
    throw new Error('not today')
  }
  assert.match(
    saidOf(probe(text, { check: failing })),
    /^error\[plugin-problem\]: the `check` of `probe` failed: not today\n --> page.smdm:2:7\n/,
  )
  for (const check of [() => Promise.resolve([]), () => [{}], () => 'no']) {
    assert.match(
      saidOf(probe(text, { check })),
      /^error\[plugin-problem\]: the `check` of `probe` gives something else than a list of `{ field, me/,
    )
  }
})

const lowerings: readonly (readonly [lowering: string, message: RegExp])[] = [
  ["throw new Error('not today')", /the plugin of sure failed: not today$/],
  ["network.program('guess', (logits, { apply }) => ({ token: apply('peek', [logits]) }))", /the plugin of sure failed: .* no op peek$/],
  ["network.program('guess', (logits, { graph }) => ({ token: graph.reduce('argmax', logits, ['voc']) }))", / over voc$/],
  ["network.program('guess', () => ({}))", /the program `guess` has no results$/],
  ["network.program('guess', () => ({ token: 5 }))", /the result `token` of the program `guess` is no value of its graph$/],
]

test('a lowering that fails is told as the plugin’s mistake', async () => {
  using folder = new Folder()
  withPlugin(folder, '')
  for (const [lowering, message] of lowerings) {
    folder.write(
      'calibration.ts',
      readFileSync(example, 'utf8').replace("network.program('guess'", `${lowering}\n        network.program('same'`),
    )
    const { code, lines, stderr } = await folder.run('explain', 'page.smdm', 'sure', '--at', 'graph', '--device', 'cpu', '--json')
    assert.equal(code, 1, stderr)
    const last = lines.at(-1)!
    assert.ok(last.kind === 'failed' && last.code === 'plugin-failed', lowering)
    assert.match(last.message, message)
  }
})

test('with --json what a plugin prints goes to standard error', async () => {
  using folder = new Folder()
  withPlugin(folder, '')
  folder.write('calibration.ts', `console.log('loud')\n${readFileSync(example, 'utf8')}`)
  const { code, stdout, stderr } = await folder.run('check', 'page.smdm', '--json')
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^\{"kind":"checked".*\}\n$/)
  assert.match(stderr, /^loud$/m)
})

test('a stage of a plugin that others amend may lack fields, as any other may', async () => {
  using folder = new Folder()
  withPlugin(folder, 'calibration base { from: tiny }\ncalibration more = base { data: sea }')
  const { code, stderr } = await folder.run('check', 'page.smdm')
  assert.equal(code, 0, stderr)
})

test('a plugin that fails while it runs is told from a failure of ours', async () => {
  using folder = new Folder()
  withPlugin(folder, '')
  writeFileSync(join(folder.path, 'calibration.ts'), readFileSync(example, 'utf8').replace('host.tokens(', 'host.token('))
  const { code, lines } = await folder.run('run', 'page.smdm', '--device', 'cpu', '--json')
  assert.equal(code, 1)
  const last = lines.at(-1)!
  assert.ok(last.kind === 'failed' && last.code === 'plugin-failed' && last.message.includes('host.token is not a function'))
})

const runs: readonly (readonly [what: string, from: string, to: string, message: RegExp])[] = [
  ['a function that is no generator', 'async function* calibration', 'function calibration', /its `run` is no generator/],
  ['no metrics', 'return metricsOf(bins)', '', /its `run` returns something else than a list/],
  ['progress without numbers', 'yield { done: first + many, total }', 'yield', /its `run` yields something else than `\{ done, total \}`/],
  ['a metric that is no number', 'value: accuracy,', 'value: NaN,', /its metric `accuracy` is no finite number: NaN/],
  ['tokens in a list', "host.run('guess', input)", "host.run('guess', [...input])", /`host.run` takes its tokens as an Int32Array/],
]

test('what a plugin’s loop gives is held to its contract', async () => {
  using folder = new Folder()
  withPlugin(folder, '')
  const text = readFileSync(example, 'utf8')
  for (const [what, from, to, message] of runs) {
    const changed = text.replace(from, to)
    folder.write('calibration.ts', from.includes('function*') ? changed.replace(/await |yield /g, '') : changed)
    const { code, lines, stderr } = await folder.run('run', 'page.smdm', 'sure', '--device', 'cpu', '--json')
    assert.equal(code, 1, `${what}: ${stderr}`)
    const last = lines.at(-1)!
    assert.ok(last.kind === 'failed' && last.code === 'plugin-failed', what)
    assert.match(last.message, message, what)
  }
})
