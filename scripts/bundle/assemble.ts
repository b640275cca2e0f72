// The sources → a folder that runs by itself: our code as a few modules with every JavaScript dependency inside, Dawn and SwiftShader as
// their packages have them, a Node, and libraries to lend.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { buildSync, type BuildOptions } from 'esbuild'
import { source } from '../../bench/source.ts'
import { bundled } from '../build.js'

export interface Contents {
  readonly node: string
  readonly libs?: string
}

const root = join(import.meta.dirname, '..', '..')
/** Tests of what runs on the device, which a new one has to pass before its times mean anything. */
const kernelTests = [
  'webgpu',
  'kernels',
  'matmul-matrix',
  'attention',
  'flash',
  'kernels-transformer',
  'join',
  'chunk',
  'chunk-sample',
  'window',
]
const entries: Readonly<Record<string, string>> = {
  smdmc: 'cli/main.ts',
  bench: 'bench/run.ts',
  golden: 'test/golden/run.ts',
  ...Object.fromEntries(kernelTests.map((name) => [`${name}.test`, `test/${name}.test.ts`])),
}

/** Fills `folder` with app/, node, lib/ and nvidia.sh. */
export function assemble(folder: string, { node, libs }: Contents): void {
  const app = join(folder, 'app')
  mkdirSync(app, { recursive: true })
  writeFileSync(join(app, 'package.json'), JSON.stringify({ type: 'module', version: source() }))
  compileInto(join(app, 'bin'))
  cpSync(join(root, 'pipelines'), join(app, 'pipelines'), { recursive: true })
  cpSync(join(root, 'bench', 'torch'), join(app, 'torch'), { recursive: true, filter: (path) => !path.includes('__pycache__') })
  cpSync(join(root, 'test', 'golden', 'cases'), join(app, 'cases'), { recursive: true })
  cpSync(join(root, 'test', 'devices'), join(app, 'devices'), { recursive: true })
  mkdirSync(join(app, 'docs'))
  copyFileSync(join(root, 'docs', 'errors.md'), join(app, 'docs', 'errors.md'))
  copyFileSync(join(import.meta.dirname, 'nvidia.sh'), join(folder, 'nvidia.sh'))
  copyDawn(join(app, 'node_modules', 'webgpu'))
  copySwiftShader(join(app, 'node_modules', '@sparticuz', 'chromium'))
  copyFileSync(node, join(folder, 'node'))
  chmodSync(join(folder, 'node'), 0o755)
  copyLibraries(join(folder, 'lib'), node, libs)
}

/** All in one folder beneath app/, as deep as the sources lie that look for pipelines/, torch/, docs/ and devices/ beside theirs. */
function compileInto(folder: string): void {
  const absent = join(import.meta.dirname, 'absent.ts')
  const options: BuildOptions = {
    ...bundled,
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(root, path)])),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    minifyWhitespace: true,
    // A plugin of a page is TypeScript, which a bundle has no compiler for.
    alias: { ...bundled.alias, 'tsx/esm/api': absent },
    external: ['webgpu', 'onnxruntime-node', '@sparticuz/chromium'],
  }
  buildSync(options)
}

function copyDawn(folder: string): void {
  const from = packageFolder('webgpu')
  mkdirSync(join(folder, 'dist'), { recursive: true })
  for (const file of ['package.json', 'index.js', 'LICENSE.md']) copyFileSync(join(from, file), join(folder, file))
  cpSync(join(from, 'dist', 'linux-x64'), join(folder, 'dist', 'linux-x64'), { recursive: true })
}

/** The driver and its loader without the browser that they come with; runtime/webgpu/swiftshader.ts finds them there. */
function copySwiftShader(folder: string): void {
  const from = packageFolder('@sparticuz/chromium')
  const main = join('build', 'cjs', 'index.cjs')
  const archive = join('bin', 'swiftshader.tar.br')
  for (const file of [main, archive]) mkdirSync(dirname(join(folder, file)), { recursive: true })
  copyFileSync(join(from, 'package.json'), join(folder, 'package.json'))
  copyFileSync(join(from, archive), join(folder, archive))
  writeFileSync(join(folder, main), '')
}

function packageFolder(name: string): string {
  const paths = createRequire(import.meta.url).resolve.paths(name) ?? []
  const found = paths.map((path) => join(path, name)).find((path) => existsSync(path))
  if (found === undefined) throw new Error(`the package ${name} is not installed: npm ci`)
  return found
}

/** C++'s library, which Node and Dawn want, and those of `libs`. run.sh lends them only where the machine has none of that name. */
function copyLibraries(folder: string, node: string, libs: string | undefined): void {
  mkdirSync(folder, { recursive: true })
  const linked = execFileSync('ldd', [node], { encoding: 'utf8' })
  for (const [, path] of linked.matchAll(/=> (\S*\/lib(?:stdc\+\+|gcc_s)\.so\S*)/g)) copyFileSync(path!, join(folder, basename(path!)))
  if (libs === undefined) return
  const unpacked = mkdtempSync(join(tmpdir(), 'smdmc-libs-'))
  try {
    for (const name of readdirSync(libs)) if (name.endsWith('.deb')) execFileSync('dpkg-deb', ['-x', join(libs, name), unpacked])
    for (const from of [libs, unpacked]) {
      // Links become what they point to: by the name that programs ask for.
      for (const path of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
        if (/\.so\.\d+$/.test(path)) writeFileSync(join(folder, basename(path)), readFileSync(join(from, path)))
      }
    }
  } finally {
    rmSync(unpacked, { recursive: true, force: true })
  }
}
