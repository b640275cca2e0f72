// Who may import whom (docs/architecture.md, section 2): folders point left only, a few packages live in one place, no cycle of files.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import test from 'node:test'

const root = normalize(join(import.meta.dirname, '..'))

/** Left to right; a file may import from its own layer and those before it. */
const LAYERS: readonly (readonly RegExp[])[] = [
  [/^grammar\//],
  [/^compiler\/(facts|bug|once)\.ts$/, /^compiler\/graph\//, /^compiler\/plan\/(plan|jobs)\.ts$/],
  [/^compiler\/passes\//],
  [/^compiler\/elaborate\//],
  [/^compiler\/spec\//],
  [/^compiler\/check\//, /^compiler\/yaml\//],
  [/^compiler\/(build|report)\//],
  [/^compiler\/kernels\//],
  [/^compiler\/plan\//],
  [/^compiler\/[a-z-]+\.ts$/],
  [/^runtime\//],
  [/^cli\//],
]

/** What the runtime may know of the compiler and the grammar. */
const RUNTIME_SEES = [
  /^compiler\/plan\/(plan|jobs)\.ts$/,
  /^compiler\/graph\/(graph|philox)\.ts$/,
  /^compiler\/facts\.ts$/,
  /^grammar\/(diagnostic|source)\.ts$/,
]

/** Packages with one home. */
const HOMES: Readonly<Record<string, RegExp>> = {
  chevrotain: /^grammar\//,
  webgpu: /^runtime\/webgpu\//,
  'onnxruntime-node': /^runtime\/onnx\//,
  ink: /^cli\/ui\//,
  react: /^cli\/ui\//,
  commander: /^cli\/main\.ts$/,
  'ajv/dist/2020.js': /^compiler\/yaml\//,
  yaml: /^compiler\/yaml\//,
}

/** The compiler is pure: data in, data out. */
const IMPURE = /^(node:)?(fs|path|os|child_process|worker_threads|net|http|https|process|timers)(\/|$)/

const files = ['grammar', 'compiler', 'runtime', 'cli'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((f) => /\.tsx?$/.test(f))
    .map((f) => join(folder, f).split(sep).join('/')),
)

function imports(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = [...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s+'([^']+)'|import\(\s*'([^']+)'/g)].map(
    (m) => m[1] ?? m[2]!,
  )
  return found.map((f) =>
    f.startsWith('.')
      ? relative(root, join(root, dirname(file), f))
          .split(sep)
          .join('/')
      : f,
  )
}

const layerOf = (file: string): number => LAYERS.findIndex((layer) => layer.some((pattern) => pattern.test(file)))

test('every file has a layer and imports point left', () => {
  assert.ok(files.length > 50)
  for (const file of files) {
    assert.notEqual(layerOf(file), -1, `${file} belongs to no layer`)
    for (const target of imports(file).filter((t) => /\.tsx?$/.test(t))) {
      assert.ok(layerOf(target) <= layerOf(file), `${file} imports ${target}, which stands to its right`)
      if (file.startsWith('runtime/') && !target.startsWith('runtime/')) {
        assert.ok(
          RUNTIME_SEES.some((p) => p.test(target)),
          `${file} imports ${target}: the runtime sees plans and jobs only`,
        )
      }
      if (file.startsWith('cli/ui/')) assert.match(target, /^(cli\/ui\/|runtime\/events\.ts)/, `${file} imports ${target}`)
    }
  }
})

test('packages have one home, and grammar and compiler are pure', () => {
  for (const file of files) {
    for (const name of imports(file).filter((t) => !/\.tsx?$/.test(t))) {
      const home = HOMES[name]
      if (home !== undefined) assert.match(file, home, `${file} imports ${name}`)
      if (/^(grammar|compiler)\//.test(file)) assert.doesNotMatch(name, IMPURE, `${file} imports ${name}`)
    }
  }
})

test('no cycle of files', () => {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
    if (done.has(file)) return
    for (const target of imports(file).filter((t) => files.includes(t))) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
})
