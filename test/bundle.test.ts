// The portable bundle in an empty folder with an empty environment: its own Node finds Dawn, SwiftShader and a loader, computes a
// reference case right, passes tests of kernels, and measures a sampler. And what it says of NVIDIA's driver, with one that is made up.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { assemble } from '../scripts/bundle/assemble.ts'

const skip = process.platform === 'linux' && process.arch === 'x64' ? false : 'bundles are for Linux on x86-64'
const scripts = join(import.meta.dirname, '..', 'scripts', 'bundle')

function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'smdmc-bundled-'))
  try {
    work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('a bundle runs where nothing is installed', { skip }, () => {
  inFolder((folder) => {
    const [content, empty, libs] = ['content', 'empty', 'libs'].map((name) => join(folder, name)) as [string, string, string]
    mkdirSync(empty)
    mkdirSync(libs)
    writeFileSync(join(libs, 'libnobody-has-this.so.1'), '')
    assemble(content, { node: process.execPath, libs })
    copyFileSync(join(scripts, 'run.sh'), join(content, 'run.sh'))
    const here = { cwd: empty, env: {}, encoding: 'utf8' } as const
    const run = (...args: readonly string[]): string => execFileSync('/bin/sh', [join(content, 'run.sh'), ...args], here)

    assert.match(run(), /^smdmc on a bare Linux machine[^]*run\.sh golden[^]*run\.sh smdmc/)
    assert.match(run('smdmc', 'doctor'), /✓ webgpu {2}\S/)
    assert.match(run('smdmc', 'help', 'unused'), /^unused\n/)
    assert.match(run('golden', join(content, 'app', 'cases', 'A_mdm_forward')), /: 2 passed, 0 failed, 0 not supported\n$/)
    const tiny = '--device software --sample --presets tiny --vocab 64 --batch 2 --length 16 --steps 2 --rounds 1 --seconds 0 --settle 0'
    assert.match(run('bench', ...tiny.split(' ')), /\| sample tiny, 2 × 16, 2 steps \| smdmc \| – \|/)
    const [page] = readdirSync(empty)
    assert.match(readFileSync(join(empty, page!), 'utf8'), /npm run bench -- .*--presets tiny/)
    const tests = readdirSync(join(content, 'app', 'bin')).filter((file) => file.endsWith('.test.mjs'))
    assert.ok(tests.length > 4)
    // One of the machine's device, and one of a device that is not here.
    const some = ['--test-name-pattern=live batch and time|smaller matrices', join(content, 'app', 'bin', 'flash.test.mjs')]
    assert.match(execFileSync(join(content, 'node'), some, here), /^# pass 2\n# fail 0$/m)
    // What the machine has not is lent, what it has is not.
    assert.ok(readdirSync(join(content, 'lent')).includes('libnobody-has-this.so.1'))
    assert.ok(!readdirSync(join(content, 'lent')).includes('libstdc++.so.6'))
    const code = readdirSync(join(content, 'app', 'bin')).reduce((n, file) => n + statSync(join(content, 'app', 'bin', file)).size, 0)
    assert.ok(code < 8e6, `${code} bytes of code`)
  })
})

test('of NVIDIA’s driver the library that loads is registered; else it is said what is missing', { skip }, () => {
  inFolder((folder) => {
    const own = join(folder, 'own')
    const write = (name: string, text: string): string => {
      mkdirSync(join(folder, name, '..'), { recursive: true })
      writeFileSync(join(folder, name), text, { mode: 0o755 })
      return join(folder, name)
    }
    // Stands for the machine's: libGLX_nvidia wants what is not there.
    write(
      'bin/ldd',
      `#!/bin/sh\ncase $1 in *GLX*) printf '\\tlibX11.so.6 => not found\\n\\tlibc.so.6 => /lib/libc.so.6 (0x1)\\n' ;; esac\n`,
    )
    const script = `say() { printf '%s\\n' "$*"; }; . "${join(scripts, 'nvidia.sh')}"; nvidia_driver "$@"; echo "$XDG_DATA_DIRS"`
    const driver = (known = '', shares = '/none'): string =>
      execFileSync('/bin/sh', ['-euc', script, 'sh', known, shares, own, join(folder, 'lib')], {
        env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, XDG_DATA_DIRS: 'unchanged' },
        encoding: 'utf8',
      })
    assert.match(driver(), /but not its Vulkan driver[^]*NVIDIA_DRIVER_CAPABILITIES=all[^]*VK_DRIVER_FILES=/)

    const glx = write('lib/libGLX_nvidia.so.0', '')
    assert.match(driver(), new RegExp(`cannot be loaded:\n {2}${glx} wants libX11\\.so\\.6 \n {2}= apt install libx11-6 \n {2}= or make`))
    assert.ok(!existsSync(own))

    const egl = write('lib/libEGL_nvidia.so.0', '')
    assert.equal(driver(), `${own}:/none\n`)
    const registration = JSON.parse(readFileSync(join(own, 'vulkan', 'icd.d', 'nvidia_icd.json'), 'utf8')) as { readonly ICD: object }
    assert.deepEqual(registration.ICD, { library_path: egl, api_version: '1.3.0' })

    // A driver that loads and is registered stays as it is.
    rmSync(own, { recursive: true })
    write('share/vulkan/icd.d/nvidia_icd.json', '{}')
    assert.equal(driver('\tlibGLX_nvidia.so.0 (libc6,x86-64) => /usr/lib/a-whole-one.so', join(folder, 'share')), 'unchanged\n')
  })
})
