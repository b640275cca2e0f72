// bin/smdmc.js never runs what the sources no longer say: it builds when one changed, and a package without sources runs what was built.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'smdmc-build-'))
after(() => rmSync(folder, { recursive: true }))

/** A checkout of its own, with the packages of this one. */
for (const part of ['bin', 'scripts', 'grammar', 'compiler', 'runtime', 'cli', 'pipelines', 'docs', 'package.json', 'package-lock.json'])
  cpSync(join(root, part), join(folder, part), { recursive: true, preserveTimestamps: true })
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))

const builds = (): readonly string[] => readdirSync(join(folder, 'dist')).filter((name) => name !== 'build.json')

async function smdmc(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'bin', 'smdmc.js'), ...args])
  return stdout
}

test('several first commands at once build and run', async () => {
  const answers = await Promise.all(Array.from({ length: 3 }, () => smdmc('--version')))
  assert.deepEqual(new Set(answers), new Set(['0.1.0\n']))
  assert.equal(builds().length, 1)
})

test('nothing is built where nothing changed', async () => {
  const before = readFileSync(join(folder, 'dist', 'build.json'), 'utf8')
  await smdmc('--version')
  assert.equal(readFileSync(join(folder, 'dist', 'build.json'), 'utf8'), before)
})

test('an edit is run by the next command, and the build before it stays for those that run', async () => {
  const edited = join(folder, 'cli', 'main.ts')
  const text = readFileSync(edited, 'utf8')
  writeFileSync(edited, text.replace('say what is wrong with a page', 'say what is right with a page'))
  assert.match(await smdmc('--help'), /say what is right with a page/)
  assert.equal(builds().length, 2)
})

test('without sources, what was built runs: pages of the library and the manual are found', async () => {
  for (const part of ['scripts', 'grammar', 'compiler', 'runtime', 'cli']) rmSync(join(folder, part), { recursive: true })
  assert.match(await smdmc('help', 'unit-required'), /^unit-required\n/)
  const page = join(folder, 'page.smdm')
  writeFileSync(join(folder, 'tales.txt'), 'Once upon a time. '.repeat(2000))
  writeFileSync(
    page,
    'use smdm\ntrain t = smdm.pretrain { model: smdm.preset(6M) { context: 64 }, data: text("tales.txt") { tokenizer: bytes }, budget: 10 steps }\n',
  )
  assert.match(await smdmc('check', page), /is sound/)
})
