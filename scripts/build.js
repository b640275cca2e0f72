// The sources → dist/: our code with its JavaScript dependencies, in few files that Node loads in half the time of hundreds.
// bin/smdmc.js refreshes it wherever sources lie beside it, so that it is never stale; a package from npm carries it instead of this file.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const record = join(dist, 'build.json')
const entries = { smdmc: 'cli/main.ts', worker: 'runtime/onnx/worker.ts' }

/** Builds that stay beside the newest: a training that began with one may still want parts of it. */
const KEPT = 8

/**
 * What every bundle of ours is: modules for Node 20, dependencies within, but for those that bring binaries or a compiler.
 * @satisfies {import('esbuild').BuildOptions}
 */
export const bundled = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  metafile: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['webgpu', 'onnxruntime-node', '@sparticuz/chromium', 'tsx'],
  // Ink's devtools are for those who write Ink.
  alias: { 'react-devtools-core': join(root, 'scripts', 'bundle', 'absent.ts') },
  // Dependencies in CommonJS ask for Node's own modules by require.
  banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" },
  logLevel: 'error',
}

/** Builds anew if a source, or what is installed, is not as the last build saw it. */
export async function refresh() {
  if (!existsSync(record)) return build()
  const { inputs } = JSON.parse(readFileSync(record, 'utf8'))
  if (Object.entries(inputs).some(([path, stamp]) => stampOf(path) !== stamp)) await build()
}

/**
 * dist/ID/ for the sources as they are, and its name with their stamps in dist/build.json.
 * @param {number} [kept] how many older builds stay
 */
export async function build(kept = KEPT) {
  const { build: bundle } = await import('esbuild')
  const began = Date.now()
  mkdirSync(dist, { recursive: true })
  const made = join(dist, `making-${process.pid}`)
  const { metafile } = await bundle({ ...bundled, entryPoints: entries, outdir: made })
  const sources = Object.keys(metafile.inputs).filter((path) => !path.includes('node_modules'))
  const paths = [...sources, 'package-lock.json', relative(root, import.meta.filename)]
  const inputs = Object.fromEntries(paths.map((path) => [path, stampOf(path, began)]))
  const id = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12)
  place(made, join(dist, id))
  writeFileSync(`${record}.${process.pid}`, JSON.stringify({ id, inputs }))
  renameSync(`${record}.${process.pid}`, record)
  removeOld(id, kept)
}

/**
 * What an edit changes of a file. One that was edited while it was read has none, so that it is read again.
 * @param {string} path from the root
 * @param {number} [until]
 */
function stampOf(path, until = Infinity) {
  const { mtimeMs, size } = statSync(join(root, path), { throwIfNoEntry: false }) ?? { mtimeMs: 0, size: 0 }
  return mtimeMs > until ? '' : `${mtimeMs} ${size}`
}

/**
 * Moves what was made to its place, unless another process has put the same there.
 * @param {string} made
 * @param {string} folder
 */
function place(made, folder) {
  if (existsSync(folder)) rmSync(made, { recursive: true })
  else renameSync(made, folder)
}

/**
 * @param {string} newest
 * @param {number} kept
 */
function removeOld(newest, kept) {
  const builds = readdirSync(dist).filter((name) => name !== newest && name !== 'build.json')
  /** @param {string} name */
  const age = (name) => statSync(join(dist, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const old = builds.sort((a, b) => age(b) - age(a)).slice(kept)
  for (const name of old) rmSync(join(dist, name), { recursive: true, force: true })
}

if (process.argv[1] === import.meta.filename) await (process.argv.includes('--only') ? build(0) : refresh())
