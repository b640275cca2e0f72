// Wrong programs beside what smdmc says of them, and the cure: the change that a note asks for removes the error.
// UPDATE=1 writes the texts anew; read the difference like code.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { applied, checked, folder, shown } from './helpers/check.ts'

const memory = 12 * 2 ** 30
const names = readdirSync(folder).filter((f) => f.endsWith('.smdm'))
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8')
const check = (name: string, text: string) => checked(text, name.startsWith('05') ? { memory } : {}, name)

/** What the notes of each program ask for: replace the first by the second. */
const ADVICE: Readonly<Record<string, readonly [string, string]>> = {
  '01-unit': ['40GiB', '40 epochs'],
  '01b-nounit': ['0.1', '10%'],
  '01c-unknown-unit': ['setps', 'steps'],
  '01d-suffix': ['6m', '6M'],
  '02-typo': ['warmpu', 'warmup'],
  '02b-foreign': ['hidden_size', 'width'],
  '02c-nested': ['learning_rate: 3e-4', 'optimizer { lr: 3e-4 }'],
  '02d-micro': ['micro_batch_size: 4', 'batch: 4 sequences'],
  '03-shape': ['x + h', 'x + sum[hidden](h * Wout)'],
  '03b-leftover': ['return sum[width](x * W)', 'return x * sum[heads, head](sum[width](x * W))'],
  '03c-index': ['pos[time] - 1', '(pos[time] - 1) mod time'],
  '04-heads': ['heads: 10', 'heads: 12'],
  '05-memory': ['1028M', '336M'],
  '06-file': ['tinystory', 'tinystories'],
  '07-prompt': ['context: 64', 'context: 128'],
  '08-schedule': ['1 - exp(-t)', '(1 - exp(-t)) / (1 - exp(-1))'],
  '09-recursive': ['return fractal(rmsnorm[width](x)) + fractal(x)', 'y = x\n  repeat 2 { y = y + rmsnorm[width](y) }\n  return y'],
  '10-nodiff': ['/ 127', '/ 127\ngrad(dy) { x: dy }'],
  '11-causal': ['preset(6M)', 'preset(6M) { causal: true }'],
  '12-cycle': ['train a = b', 'train a = smdm.pretrain'],
  '13-name': ['tale\n', 'tales\n'],
  '14-word': ['cosin ', 'cosine '],
  '15-comma': ['"a" }', '"a" },'],
  '16-kind': ['trian', 'train'],
  '17-colon': ['data = tales', 'data: tales'],
  '18-param': ['param experts', 'param experts = 4'],
  '19-missing': ['train t {', 'train t = smdm.pretrain {\n  model: smdm.preset(6M)\n  budget: 10 steps'],
}

/** The library may grow: lines in it are shown as `…`. */
function withoutLines(said: string): string {
  return said.replace(/(--> (?:std|smdm)\/[^:]+):\d+:\d+\n +\|\n\d+ /g, '$1:…\n   |\n … ')
}

for (const name of names) {
  test(name, () => {
    const text = textOf(name)
    const said = withoutLines(shown(check(name, text).diagnostics))
    const beside = join(folder, name.replace('.smdm', '.txt'))
    if (process.env['UPDATE'] !== undefined || !existsSync(beside)) writeFileSync(beside, said)
    assert.equal(said, readFileSync(beside, 'utf8'))
  })

  test(`${name}: its advice helps`, () => {
    const text = textOf(name)
    const { diagnostics } = check(name, text)
    const wrong = diagnostics.filter((d) => d.code !== 'not-available').at(-1)
    assert.ok(wrong, 'nothing is wrong with this program')
    const [from, to] = ADVICE[name.replace('.smdm', '')] ?? assert.fail('this program has no advice in the table')
    assert.ok(text.includes(from))
    const cured = check(name, text.replace(from, to)).diagnostics
    assert.ok(!cured.some((d) => d.code === wrong.code), shown(cured))
  })

  test(`${name}: its fixes help`, () => {
    const text = textOf(name)
    for (const { code, message, span, fixes } of check(name, text).diagnostics) {
      for (const fix of fixes) {
        const cured = check(name, applied(text, fix)).diagnostics
        assert.ok(!cured.some((d) => d.code === code && d.message === message && d.span.start === span.start), fix.title)
      }
    }
  })
}
