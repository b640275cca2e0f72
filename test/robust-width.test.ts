// Thousands of lines with a mistake each: the answer takes little longer than that of a sound page. What grows with the square of their
// number shows as a test of many seconds.
import assert from 'node:assert/strict'
import test from 'node:test'
import { readYaml } from '../compiler/yaml/read.ts'
import { positionAt } from '../grammar/source.ts'
import { checked } from './helpers/check.ts'

const lines = (line: (i: number) => string, n = 4000): string => Array.from({ length: n }, (_, i) => line(i)).join('\n')

const pages: Readonly<Record<string, string>> = {
  'names that nobody knows': lines((i) => `let x${i} = y${i} * 2`),
  'names in ops': lines((i) => `op f${i}(x) = x * y${i}`),
  'fields that nobody knows': `use smdm\n${lines((i) => `model m${i} = smdm.preset(19M) { layer${i}: 3, contxt: 3 }`)}`,
  'names taken twice': lines((i) => `let x = ${i}`),
  'kinds that nobody knows': lines((i) => `traim t${i} { batch: 3 }`),
  'units that nobody knows': lines((i) => `let x${i} = ${i} stepps`),
  'brackets that close nothing': lines((i) => `let x${i} = ${i}) ]`),
  'another language': lines((i) => `def f${i}(x): return x + ${i};  // hi`),
  'a story': lines(() => 'A grey cat saw the moon.'),
}

for (const [what, text] of Object.entries(pages)) {
  test(what, { timeout: 60_000 }, () => {
    const { diagnostics } = checked(text)
    assert.ok(diagnostics.length >= 50)
    const places = diagnostics.map(({ span }) => positionAt(span.source, span.start).line)
    assert.ok(new Set(places).size >= 50)
  })
}

test('YAML', { timeout: 60_000 }, () => {
  for (const line of [(i: number) => `x${i} y`, (i: number) => `let x${i}: y${i} *`, (i: number) => `- ${i}: [`]) {
    const { diagnostics } = readYaml({ name: 'page.yaml', text: lines(line) })
    assert.ok(diagnostics.length > 0)
    for (const { span } of diagnostics) assert.ok(positionAt(span.source, span.start).line > 0)
  }
})
