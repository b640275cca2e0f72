// The example in which everything is the user's own: it runs on WebGPU; the CPU, which has no WGSL, refuses it and says what would do;
// with its op written in the language it trains on both, to the same losses. And WGSL that is wrong is the page's mistake.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { Folder, type Line, type Outcome } from './helpers/cli.ts'

const examples = join(import.meta.dirname, '..', 'examples')
const WGSL = 'wgsl "let r = max(x, 0.0); return r * r;"'

/** The example on a few hundred bytes; `change` edits its text. */
function folderWith(change: (text: string) => string = (text) => text): Folder {
  const folder = new Folder()
  const quick = readFileSync(join(examples, '1-quickstart.smdm'), 'utf8')
  folder.write('1-quickstart.smdm', quick.replace(/text\(".*"\)/, 'text("text.txt")').replace('validation: 5%', 'validation: 20%'))
  folder.write('page.smdm', change(readFileSync(join(examples, '8-custom.smdm'), 'utf8')))
  return folder
}

const run = (folder: Folder, device: string, ...more: readonly string[]): Promise<Outcome> =>
  folder.run('run', 'page.smdm', '--device', device, '--set', 'steps=6 steps', '--json', ...more)

const losses = (lines: readonly Line[]): readonly number[] => lines.flatMap((l) => (l.kind === 'step' ? [l.loss] : []))

test('it trains and samples on WebGPU', async () => {
  using folder = folderWith()
  const { code, stderr, lines } = await run(folder, 'software')
  assert.equal(code, 0, stderr)
  const sampled = lines.filter((l) => l.kind === 'sampled')
  assert.ok(sampled.length === 1 && sampled[0]!.text.startsWith('Call me '))
  assert.ok(losses(lines).every(Number.isFinite))
})

test('the CPU refuses it before anything runs, and says what would do', async () => {
  using folder = folderWith()
  const { code, stderr, stdout } = await run(folder, 'cpu')
  assert.deepEqual([code, stdout.includes('"step"')], [2, false])
  assert.match(stderr + stdout, /odd computes the op relu2, which is written in WGSL[^]*--device software[^]*op relu2\(x\) = /)
  const plan = await folder.run('explain', 'page.smdm', 'odd', '--at', 'plan', '--device', 'cpu')
  assert.match(plan.stderr, /wgsl-on-cpu/)
  const graph = await folder.run('explain', 'page.smdm', 'odd', '--at', 'graph', '--device', 'cpu')
  assert.equal(graph.code, 0, graph.stderr)
})

test('written in the language, it trains on both backends to the same losses', async () => {
  using folder = folderWith((text) => text.replace(WGSL, 'max(x, 0) ^ 2').replace('budget:    steps', 'budget:    steps\n  log: 1 steps'))
  const [cpu, gpu] = await Promise.all([run(folder, 'cpu', 'odd', '--store', 'a'), run(folder, 'software', 'odd', '--store', 'b')])
  assert.deepEqual([cpu.code, gpu.code], [0, 0], cpu.stderr + gpu.stderr)
  const [ours, theirs] = [losses(cpu.lines), losses(gpu.lines)]
  assert.equal(ours.length, 6)
  assert.ok(
    ours.every((loss, i) => Math.abs(loss - theirs[i]!) < 1e-3 * loss),
    `${ours.join()} ${theirs.join()}`,
  )
})

for (const [what, body, wrong, message] of [
  ['an unknown name', 'return x * qq;', 'qq', "unresolved value 'qq'"],
  ['another type', 'return 1u;', 'return 1u', "return statement type must match its function return type, returned 'u32', expected 'f32'"],
  ['a function that is not ended', 'return x', undefined, "expected ';' for return statement"],
] as const) {
  test(`WGSL with ${what} is a mistake of the page, told before a device is asked`, async () => {
    using folder = folderWith((text) => text.replace(WGSL, `wgsl "${body}"`))
    const { code, stderr } = await folder.run('check', 'page.smdm')
    assert.equal(code, 2)
    assert.ok(stderr.startsWith(`error[bad-wgsl]: the WGSL of the op \`relu2\` does not compile: ${message}\n`), stderr)
    assert.match(stderr, /\n1 error in page\.smdm\n$/)
    const [, line, column] = /--> page\.smdm:(\d+):(\d+)/.exec(stderr)!
    const written = folder.read('page.smdm').split('\n')[Number(line) - 1]!
    assert.equal(Number(column), written.indexOf(wrong ?? `"${body}"`) + 1)
  })
}

for (const form of ['smdm', 'yaml']) {
  for (const [system, newline] of [
    ['Unix', '\n'],
    ['Windows', '\r\n'],
  ] as const) {
    test(`a mistake in several lines of WGSL has its place in ${form} with the line ends of ${system}`, async () => {
      using folder = folderWith((text) => text.replace(WGSL, 'wgsl """\n  let r = max(x, 0.0);\n    return r * lost;\n"""'))
      const { stdout } = await folder.run('convert', 'page.smdm')
      const text = form === 'yaml' ? stdout : folder.read('page.smdm')
      folder.write(`page.${form}`, text.replaceAll('\n', newline))
      const { stderr } = await folder.run('check', `page.${form}`)
      const [, line, column] = /bad-wgsl[^]*--> page\.\w+:(\d+):(\d+)/.exec(stderr) ?? assert.fail(stderr)
      assert.equal(text.split('\n')[Number(line) - 1]!.indexOf('lost') + 1, Number(column))
    })
  }
}

test('in gradients the WGSL of an op has dy beside the arguments', async () => {
  using folder = new Folder('op twice(x) = wgsl "return 2 * x;"\ngrad(dy) { x: wgsl "return 2 * dy;" }\n')
  assert.equal((await folder.run('check', 'page.smdm')).code, 0)
  folder.write('page.smdm', 'op twice(x) = wgsl "return 2 * dy;"\ngrad(dy) { x: 2 * dy }\n')
  assert.match((await folder.run('check', 'page.smdm')).stderr, /unresolved value 'dy'/)
})
