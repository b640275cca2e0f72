// Ops and blocks that no stage comes to are checked by name, and those of a library that a page does not use are left alone.
import assert from 'node:assert/strict'
import test from 'node:test'
import { checked, codesOf, page, shown } from './helpers/check.ts'

const LONELY = `block lonely(x: [time, width]) -> [time, width] {
  param hidden
  let half = hidden / 2
  weight W: [width, half]
  weight V: [half, width']
  repeat 2 {
    x = x + rmsnorm[width](x)
  }
  k = sum[width](x * W)
  return x + sum[half](k * V[width': pos[time] mod width])
}
op odd[d](x: [d], scale = pi) -> [d] = if pos[d] < d then x * scale else -inf
grad(dy) { x: dy * scale }`

test('names that are known are known here, too', () => {
  assert.deepEqual(codesOf(page('', LONELY)), [])
})

for (const [code, from, to] of [
  ['undefined-name', 'rmsnorm[width](x)', 'rmsnrom[width](x)'],
  ['undefined-name', 'k * V', 'k * U'],
  ['undefined-name', 'dy * scale', 'dz * scale'],
  ['undefined-name', 'hidden / 2', 'hiden / 2'],
  ['unknown-dimension', 'W: [width, half]', 'W: [width, haff]'],
  ['argument-count', 'rmsnorm[width](x)', 'rmsnorm[width](x, x)'],
] as const) {
  test(`${code}: ${to}`, () => {
    const { diagnostics } = checked(page('', LONELY.replace(from, to)))
    assert.deepEqual([...new Set(diagnostics.map((d) => d.code))], [code], shown(diagnostics))
  })
}

test('what only another unused block mentions is checked as well', () => {
  assert.deepEqual(codesOf(page('', 'op a(x) = b(x)\nop b(x) = c(x)')), ['undefined-name'])
})

test('what a stage comes to is told of once', () => {
  const text = page('', 'op quick(x) = nope(x)\nblock layer(x: [time, width]) -> [time, width] {\n  return quick(x)\n}')
  assert.deepEqual(codesOf(text.replace('layers: 2', 'layers: 2, layer: layer')).filter((c) => c === 'undefined-name').length, 1)
})
