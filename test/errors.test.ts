// Every diagnostic has a program that causes it and a change that cures it; docs/errors.md shows both and is fresh; `smdmc help`
// prints them.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { codes, errorsPage, fixtures, found } from './helpers/errors.ts'
import { shown } from './helpers/check.ts'

const root = join(import.meta.dirname, '..')
const all = fixtures()

test('every code has a fixture, and every fixture a code', () => {
  assert.deepEqual(
    codes.filter((c, i) => codes.indexOf(c) !== i),
    [],
    'one code, one meaning',
  )
  assert.deepEqual(
    all.map((f) => f.code),
    codes,
  )
})

test('each fixture causes its diagnostic, and its cure helps', () => {
  for (const fixture of all) {
    const { code, program, from, to, meaning } = fixture
    const before = found(fixture, program)
    assert.ok(
      before.some((d) => d.code === code),
      `${code} is not caused:\n${shown(before)}`,
    )
    assert.match(meaning, /^[A-Z\`].*\.$/, code)
    assert.ok(program.includes(from), `${code}: there is no ${from}`)
    const after = found(
      fixture,
      program.replace(from, () => to),
    )
    assert.ok(!after.some((d) => d.severity === 'error'), `${code} is not cured:\n${shown(after)}`)
    assert.ok(!after.some((d) => d.code === code), `${code} is not cured:\n${shown(after)}`)
  }
})

test('docs/errors.md is fresh: node --import tsx scripts/generate-errors.ts', () => {
  assert.equal(readFileSync(join(root, 'docs', 'errors.md'), 'utf8'), errorsPage(all))
})

const help = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(root, 'bin', 'smdmc.js'), 'help', ...args], { encoding: 'utf8' })

test('smdmc help CODE prints the section, and guesses what was meant', () => {
  const right = help('unit-required')
  assert.equal(right.status, 0)
  assert.match(
    right.stdout,
    /^unit-required\n\nSeveral units are possible here[^]*error\[unit-required\][^]*Cure: write `10%` instead of `0\.1`\.\n$/,
  )
  const wrong = help('unit-requird')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /did you mean unit-required\?/)
})
