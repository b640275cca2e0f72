// Syntax errors: their words as drawn, one message for each mistake, the code around them kept, and fixes
// that do what they promise. Also the drawing itself and the search for similar words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Diagnostic } from '../grammar/diagnostic.ts'
import { render } from '../grammar/frame.ts'
import { parse } from '../grammar/parse.ts'
import { distance, listOf, nearest } from '../grammar/suggest.ts'
import { codes, fixture, source } from './helpers/grammar.ts'

const rendered = (name: string): readonly string[] => parse(fixture(name)).diagnostics.map((d) => render(d))

const suffixError = (name: string): string => `error[unknown-suffix]: I do not know the suffix \`m\` in \`6m\`
 --> ${name}:5:23
  |
5 |   model:  smdm.preset(6m)
  |                       ^^
  = 6M is six million; time is written 30min`

test('an unknown suffix', () => {
  assert.deepEqual(rendered('bad/01d-suffix.smdm'), [suffixError('bad/01d-suffix.smdm')])
})

test('an unknown unit, beside an unknown suffix', () => {
  assert.deepEqual(rendered('bad/01c-unknown-unit.smdm'), [
    suffixError('bad/01c-unknown-unit.smdm'),
    `error[unknown-unit]: I do not know the unit \`setps\` in \`2000 setps\`
 --> bad/01c-unknown-unit.smdm:7:16
  |
7 |   budget: 2000 setps
  |                ^^^^^
  = did you mean \`2000 steps\`?`,
  ])
})

test('a forgotten comma', () => {
  assert.deepEqual(rendered('bad/15-comma.smdm'), [
    `error[expected-comma]: I expected a comma between the items of this list
 --> bad/15-comma.smdm:7:5
  |
7 |     { given: "b" }
  |     ^`,
  ])
})

test('an equals sign in a record', () => {
  assert.deepEqual(rendered('bad/17-colon.smdm'), [
    `error[colon-not-equals]: a record gives values with a colon
 --> bad/17-colon.smdm:5:8
  |
5 |   data = tales
  |        ^
  = write \`data: …\`; \`=\` makes a new name, \`:\` fills a place that is already there`,
  ])
})

test('what stands behind a sign that cannot be read is not another mistake', () => {
  const { diagnostics } = parse(source('block b(x: [d]) -> [d] {\n  return silu(x @ A)\n}\n'))
  assert.deepEqual(
    diagnostics.map((d) => d.code),
    ['unexpected-character'],
  )
})

test('a stumble that is not told hides nothing', () => {
  const { diagnostics } = parse(source('block b(x: [d]) -> [d] é n = 1e999\n'))
  assert.deepEqual(
    diagnostics.map((d) => d.code),
    ['unexpected-character', 'number-too-large'],
  )
})

test('fields without braces around them are one mistake', () => {
  const { diagnostics } = parse(source('train a = base\n  lr: 1\n  seed: 2\ntrain b {}\nseed: 1\nlr: 2\n'))
  assert.deepEqual(
    diagnostics.map((d) => [d.code, d.span.source.text.slice(d.span.start, d.span.end)]),
    [
      ['stray-field', 'lr'],
      ['stray-field', 'seed'],
    ],
  )
})

test('four mistakes, four messages, and all declarations kept', () => {
  const { module, diagnostics } = parse(
    source(`use smdm
let a = 3 +
train t {
  lr 5
  batch: * 3
  seed: 1
}
op f(x) = x
block g(x: [a]) -> [a] {
  y = f(x
  return y
}
train z { seed: 3 }
`),
  )
  assert.deepEqual(
    diagnostics.map(({ code, message }) => `${code}: ${message}`),
    [
      'unexpected: I expected a value here',
      'missing-colon: I expected a colon after `lr`',
      'unexpected: I expected a value, but found `*`',
      'unclosed-bracket: this `(` is never closed',
    ],
  )
  assert.deepEqual(
    module.items.map((item) => ('name' in item ? item.name.name : item.kind)),
    ['use', 't', 'f', 'g', 'z'],
  )
})

test('a forgotten brace ends where the next declaration begins', () => {
  const { module, diagnostics } = parse(source('train t {\n  model: f(x)\n  seed: 3\n\ntrain u { seed: 1 }\nop f(x) = x\n'))
  assert.deepEqual(
    diagnostics.map((d) => [d.code, d.span.start]),
    [['unclosed-bracket', 8]],
  )
  assert.equal(module.items.length, 3)
})

/** Each mistake with its code and the words it must contain. */
const mistakes: readonly (readonly [text: string, code: string, words: RegExp])[] = [
  ['x = 3', 'missing-let', /`x` is new here/],
  ['train { a: 1 }', 'missing-name', /this `train` has no name/],
  ['seed: 3', 'stray-field', /outside any record/],
  ['train t { a: 1 } }', 'stray-bracket', /closes nothing/],
  ['let a = (1 + 2\nlet b = 1', 'unclosed-bracket', /this `\(` is never closed/],
  ['let a = f(x]\nlet b = 1', 'wrong-bracket', /this `\]` closes a `\(`/],
  ['let a = "abc\nlet b = 1', 'open-string', /not closed before its line ends/],
  ['let a = """abc\nlet b = 1', 'open-string', /never closed/],
  ['let a = "a\\qb"', 'bad-escape', /escape `\\q`/],
  ['let a = 1;', 'unexpected-character', /cannot read `;`/],
  ["let a = 'b", 'unexpected-character', /cannot read `'`/],
  ["let a = 'b' + c", 'other-language', /write `'b'` here/],
  ['let a = “b”', 'other-language', /write `“b”` here/],
  ['let a = `b`', 'other-language', /write ``b`` here/],
  ['let a = 1e–4', 'unexpected-character', /cannot read `–`/],
  ['let a =\u00a01', 'unexpected-character', /cannot read `\u00a0`/],
  ['let a = b ? c : d', 'unexpected-character', /cannot read `\?`/],
  ['let a = $HOME', 'unexpected-character', /cannot read `\$`/],
  ['block f(x: [a]) -> [a] {\n  weight W: [a]\n  return x @ W\n}', 'unexpected-character', /cannot read `@`/],
  ['let a = b && c', 'unexpected-character', /cannot read `&&`/],
  ['let a = 2  steps', 'unit-apart', /too far from its number/],
  ['let a = 2steps', 'unknown-suffix', /suffix `steps`/],
  ['let a = 30 min', 'unknown-unit', /unit `min`/],
  ['let a = 4K', 'unknown-suffix', /suffix `K`/],
  ['let a = 4constructor', 'unknown-suffix', /suffix `constructor`/],
  ['let a = 1e999', 'number-too-large', /larger than any number/],
  ['let a = b < c < d', 'chained-comparison', /do not chain/],
  ['let a = 1 + not b', 'misplaced-not', /binds tighter/],
  ['let a = f(b c)', 'expected-comma', /between these arguments/],
  ['op f(x y) = x', 'expected-comma', /between these arguments/],
  ['op f(x: [a b]) = x', 'expected-comma', /between these dimensions/],
  ['let a = x[i j]', 'expected-comma', /between these dimensions/],
  ['block f(x: [a]) {\n  return x\n}', 'missing-promise', /promises the dimensions/],
  ['let a = if b then c\nlet d = 1', 'unexpected', /expected `else` here/],
  ['let a = [1,, 2]', 'unexpected', /expected `,` or `]`, but found `,`/],
  ['let a = f(1,)', 'unexpected', /expected a value, but found `\)`/],
  ['op f(x: 3) = x', 'unexpected', /a type, such as .* found the number `3`/],
  ['use 3', 'unexpected', /the name of a library/],
  ['let a = b // c', 'other-language', /write `\/\/` here/],
  ['train t {\n  a: 1 /* one */\n}', 'other-language', /write `\/\*` here/],
  ['train t {\n  /* one\n  two */\n  a: 1\n}', 'other-language', /write `\/\*` here/],
  ['op f(t) = t ** 2', 'other-language', /write `\*\*` here/],
  ['def f(x):\n  y = x\n  return y\nlet a = 1', 'other-language', /write `def` here/],
  ['use lib/other.smdm as other', 'other-language', /write `lib\/other\.smdm` here/],
  ['from smdm import *', 'other-language', /write `from` here/],
  ['print(a)', 'other-language', /write `print` here/],
  ['if a { train t = b }', 'other-language', /write `if` here/],
  ['for x in y {\n  train t = b\n}\nlet a = 1', 'other-language', /write `for` here/],
  ['op f(t) = t if t > 0 else 0', 'other-language', /write `if` here/],
  ['op f = lambda x: x ^ 2', 'other-language', /write `lambda` here/],
  ['train t { schedule: lambda t: t**2 }', 'other-language', /write `lambda` here/],
  ['train t { a: f(b=1) }', 'other-language', /write `=` here/],
  ['let a = f(b=1, c=2)', 'other-language', /write `=` here/],
  ['train t { betas: (0.9, 0.95), a: 1 }', 'other-language', /write `,` here/],
  ['train t { a: f"b" }', 'other-language', /write `f` here/],
  ['train t { "a": b.c(1), d: 2 }', 'other-language', /write `"a"` here/],
  ['block f(x: [a]) -> [a] {\n  for i in x(3) {\n    x = x + 1\n  }\n  return x\n}', 'other-language', /write `for` here/],
  ['block f(x: [a]) -> [a] {\n  if x > 3 {\n    x = x + 1\n  }\n  return x\n}', 'other-language', /write `if` here/],
  ['block f(x: [a]) -> [a] {\n  x += 1\n  return x\n}', 'other-language', /write `\+=` here/],
  ['block f(x: [a]) -> [a] {\n  weight W = normal(1)\n  return x\n}', 'other-language', /write `=` here/],
  ['block f(x: [a]) -> [a] {\n  weight W: [a] = 1\n  return x\n}', 'other-language', /write `=` here/],
  ['train t:\n  a: 1\n  data: b\nlet a = 1', 'unexpected', /found `:`/],
  ['train t b.c { d: 1 }', 'unexpected', /`= …` or `{ … }` after the name here/],
  ['train a-b = c', 'unexpected', /found `-`/],
  ['train 1st = c', 'unexpected', /found the number `1st`/],
  ['a.b = 3', 'unexpected', /a name after `a`, but found `\.`/],
  ['train t { a: 0,001, b: 1 }', 'unexpected', /found the number `001`/],
  ['train t { a: 2,000 steps }', 'unexpected', /found the number `000 steps`/],
  ['train t { a ( b: 1, c: 2 ) }', 'unexpected', /found `\(`/],
  ['sweep s { over { a.b: [1] } run: c }', 'unexpected', /found `\.`/],
  ['block f(x: [a]) -> [a]\n  return x\nlet a = 1', 'unexpected', /a body `{ … }` here/],
  ['block f(x: [a]) -> [a] {\n  x * 2\n}', 'unexpected', /`=` and a value, but found `\*`/],
  ['block f(x: [a]) -> [a] {\n  weight W: [64]\n  return x\n}', 'unexpected', /found the number `64`/],
  ['block f(x: [a]) -> [a] {\n  repeat i in 3 {\n    x = x * 2\n  }\n  return x\n}', 'other-language', /write `in` here/],
  ['block f(x: [a]) -> [a] {\n  return x, x\n}', 'other-language', /write `,` here/],
  ['block f(x: [a]) -> [a] {\n  block g(y: [a]) -> [a] {\n    return y\n  }\n  return x\n}', 'other-language', /`block`/],
  ['train t = { ...a, b: 1 }', 'other-language', /write `\.\.` here/],
  ["train t { a: '''b\nc''' }", 'other-language', /write `'''` here/],
  ['train t { a: "b\nc", d: 1 }\nlet e = 1', 'open-string', /not closed before its line ends/],
  ['train t {\n  a:\n  b: 1\n}', 'unexpected', /I expected a value here/],
  ['sample t\n  from: a\n  b: 1\nlet c = 1', 'unexpected', /after the name here/],
  ['{ "train": { } }', 'unexpected', /a declaration.* found `\{`/],
  ['train a.b = c', 'unexpected', /found `\.`/],
  ['train t == a', 'unexpected', /found `==`/],
  ['train t = a { b: 1 }, train u = a { b: 2 }', 'unexpected', /found `,`/],
  ['grad(dy) { x: dy }', 'unexpected', /found `grad`/],
  ['op f(x) = x\ngrad(dy) = dy', 'unexpected', /found `=`/],
  ['op f = x -> x', 'unexpected', /found `=`/],
  ['let a = 2 hours', 'unknown-unit', /unit `hours`/],
  ['[model]\nwidth = 4\n\n[train.optimizer]\nlr = 1\nlet a = 1', 'other-language', /write `\[model\]` here/],
  ['op f(x: [a]) = x[0]', 'unexpected', /a dimension, but found the number `0`/],
  ['block f(x: [a]) -> [a] {\n  y: 3\n  return y\n}', 'unexpected', /a type, such as/],
]

for (const [text, code, words] of mistakes) {
  test(`one message for ${JSON.stringify(text)}`, () => {
    const { diagnostics } = parse(source(text))
    assert.deepEqual(
      diagnostics.map((d) => d.code),
      [code],
    )
    assert.match(diagnostics[0]!.message, words)
    if (code === 'other-language' || code === 'unexpected-character') assert.equal(diagnostics[0]!.notes.length, 1)
    assert.doesNotMatch(render(diagnostics[0]!), /undefined|NaN|Curly|Paren|Square|AnyName|EOF/)
  })
}

function applied(text: string, { fixes }: Diagnostic): string | undefined {
  const fix = fixes[0]
  return fix && text.slice(0, fix.span.start) + fix.text + text.slice(fix.span.end)
}

test('a fix removes the error it is offered for', () => {
  let offered = 0
  for (const [text, code] of mistakes) {
    const [diagnostic] = parse(source(text)).diagnostics
    const cured = applied(text, diagnostic!)
    if (cured === undefined) continue
    offered++
    assert.ok(!codes(cured).includes(code), `${text} became ${cured}`)
  }
  assert.ok(offered >= 15, `${offered} fixes`)
})

const drawn = (text: string, start: number, end: number, notes: readonly string[] = [], color = false): string =>
  render({ code: 'a-code', severity: 'warning', message: 'words', span: { source: source(text), start, end }, notes, fixes: [] }, { color })

test('the frame is as wide as the line number', () => {
  const text = 'a\n'.repeat(99) + 'let b = c\n'
  assert.equal(
    drawn(text, 202, 203, ['why', 'what']),
    `warning[a-code]: words
   --> test.smdm:100:5
    |
100 | let b = c
    |     ^
    = why
    = what`.replaceAll('\n    |', '\n    |'),
  )
})

test('a span over several lines is marked to the end of its first', () => {
  assert.match(drawn('f(a,  \n  b)', 0, 11), /\n1 \| f\(a,\n {2}\| \^{4}$/)
})

test('nothing to mark is marked by one caret, at the end of the text too', () => {
  assert.match(drawn('let', 3, 3), /:1:4\n {2}\|\n1 \| let\n {2}\| {4}\^$/)
  assert.match(drawn('', 0, 0), /:1:1\n {2}\|\n1 \|\n {2}\| \^$/)
  assert.match(drawn('a\n', 2, 2), /:2:1\n {2}\|\n2 \|\n {2}\| \^$/)
})

test('tabs stay under tabs, and CRLF is no part of a line', () => {
  assert.match(drawn('\ta:\t1\r\n', 4, 5), /\n1 \| \ta:\t1\n {2}\| \t {2}\t\^$/)
})

test('colours leave the text as it is', () => {
  const escape = String.fromCharCode(27)
  const colored = drawn('let b = c', 4, 5, ['why'], true)
  assert.ok(colored.includes(`${escape}[1;33m`))
  assert.equal(colored.replaceAll(new RegExp(`${escape}\\[[\\d;]*m`, 'g'), ''), drawn('let b = c', 4, 5, ['why']))
})

test('the nearest word', () => {
  assert.equal(nearest('warmpu', ['width', 'warmup', 'lr']), 'warmup')
  assert.equal(nearest('cosin', ['linear', 'cosine']), 'cosine')
  assert.equal(nearest('trian', ['train', 'eval']), 'train')
  assert.equal(nearest('Width', ['depth', 'width']), 'width')
  assert.equal(nearest('xyz', ['width', 'depth']), undefined)
  assert.equal(nearest('a', ['b', 'c']), undefined)
  assert.equal(nearest('a', []), undefined)
  assert.equal(distance('ab', 'ba'), 1)
  assert.equal(distance('', 'abc'), 3)
  assert.equal(distance('kitten', 'sitting'), 3)
})

test('a list of words', () => {
  assert.deepEqual([listOf([]), listOf(['a']), listOf(['a', 'b']), listOf(['a', 'b', 'c'], 'or')], ['', 'a', 'a and b', 'a, b or c'])
})

test('a value behind a colon, where a colon gives a type', () => {
  for (const text of ['param size: 170M', 'let n: 4']) {
    const [error, ...more] = parse(source(text)).diagnostics
    assert.equal(more.length, 0)
    assert.match(render(error!), /`:` gives a type; a value is given with `=`/)
  }
})
