// The portable bundle in an empty folder with an empty environment: its own Node finds Dawn, SwiftShader and a loader, computes a
// reference case right, and measures a sampler.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { assemble } from '../scripts/bundle/assemble.ts'

const skip = process.platform === 'linux' && process.arch === 'x64' ? false : 'bundles are for Linux on x86-64'

test('a bundle runs where nothing is installed', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'smdmc-bundled-'))
  try {
    const [content, empty, libs] = ['content', 'empty', 'libs'].map((name) => join(folder, name)) as [string, string, string]
    mkdirSync(empty)
    mkdirSync(libs)
    writeFileSync(join(libs, 'libnobody-has-this.so.1'), '')
    assemble(content, { node: process.execPath, libs })
    copyFileSync(join(import.meta.dirname, '..', 'scripts', 'bundle', 'run.sh'), join(content, 'run.sh'))
    const run = (...args: readonly string[]): string =>
      execFileSync('/bin/sh', [join(content, 'run.sh'), ...args], { cwd: empty, env: {}, encoding: 'utf8' })

    assert.match(run('smdmc', 'doctor'), /✓ webgpu {2}\S/)
    assert.match(run('golden', join(content, 'app', 'cases')), /: 2 passed, 0 failed, 0 not supported\n$/)
    const tiny = '--sample --presets tiny --vocab 64 --batch 2 --length 16 --steps 2 --rounds 1 --seconds 0 --settle 0'.split(' ')
    assert.match(run('bench', ...tiny), /\| sample tiny, 2 × 16, 2 steps \| smdmc \| [\d.]+ \|/)
    const [page] = readdirSync(empty)
    assert.match(readFileSync(join(empty, page!), 'utf8'), /npm run bench -- .*--presets tiny/)
    // What the machine has not is lent, what it has is not.
    assert.ok(readdirSync(join(content, 'lent')).includes('libnobody-has-this.so.1'))
    assert.ok(!readdirSync(join(content, 'lent')).includes('libstdc++.so.6'))
    const code = readdirSync(join(content, 'app', 'bin')).reduce((n, file) => n + statSync(join(content, 'app', 'bin', file)).size, 0)
    assert.ok(code < 8e6, `${code} bytes of code`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
