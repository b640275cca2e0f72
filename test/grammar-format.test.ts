// format(): what is canonical comes back unchanged, anything else becomes canonical in one step, and
// nothing an author said is lost on the way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format } from '../grammar/format.ts'
import { parse } from '../grammar/parse.ts'
import { bare, commentsOf, programs, source } from './helpers/grammar.ts'

function formatted(text: string): string {
  const { module, diagnostics } = parse(source(text))
  assert.deepEqual(
    diagnostics.map(({ message }) => message),
    [],
  )
  const result = format(module)
  const again = parse(source(result))
  assert.deepEqual(again.diagnostics, [], result)
  assert.equal(format(again.module), result)
  assert.deepEqual(commentsOf(again.module), commentsOf(module))
  return result
}

for (const program of programs) {
  test(`${program.name} is canonical`, () => {
    const { module } = parse(program)
    const text = format(module)
    assert.equal(text, program.text)
    assert.deepEqual(bare(parse(source(text)).module), bare(module))
  })

  test(`${program.name} without its layout becomes the same tree with the same comments`, () => {
    const { module } = parse(program)
    // One blank for every stretch of blanks and newlines, except around comments, which need their line.
    const squeezed = program.text.replace(/\n[ \t\n]*(?=\n)/g, '').replace(/^ +/gm, '')
    const text = formatted(squeezed)
    assert.deepEqual(bare(parse(source(text)).module), bare(module))
    assert.deepEqual(commentsOf(parse(source(text)).module), commentsOf(module))
  })
}

const rules: readonly (readonly [rule: string, before: string, after: string])[] = [
  ['an empty file stays empty', '\n\n', ''],
  ['indentation, LF and one newline at the end', 'train t {\r\n      a: 1\r\n}\r\n\r\n', 'train t {\n  a: 1\n}\n'],
  ['at most one blank line, none at the start', '\n\n\nlet a = 1\n\n\n\nlet b = 2', 'let a = 1\n\nlet b = 2\n'],
  ['blank lines inside a record, but not at its start', 'train t {\n\n  a: 1\n\n\n  b: 2\n}', 'train t {\n  a: 1\n\n  b: 2\n}\n'],
  [
    'the first newline of a record decides',
    'train t { a: 1,\n b: 2 }\ntrain u {\n a: 1, b: 2 }',
    'train t { a: 1, b: 2 }\ntrain u {\n  a: 1\n  b: 2\n}\n',
  ],
  [
    'a record that does not fit is broken',
    `train t { prompt: "${'x'.repeat(50)}", other: "${'y'.repeat(50)}" }`,
    `train t {\n  prompt: "${'x'.repeat(50)}"\n  other:  "${'y'.repeat(50)}"\n}\n`,
  ],
  ['a record with a broken one inside is broken', 'train t { a: { \n b: 1 } }', 'train t {\n  a: {\n    b: 1\n  }\n}\n'],
  ['empty records and lists', 'train t {\n}\nlet a = [\n]', 'train t {}\nlet a = []\n'],
  [
    'keys up to ten letters share a column until a longer one',
    'train t {\n lr: 1\n validation: 2\n weight_decay: 3\n clip: 4\n seed: [\n5]\n a: 1\n model { b: 2 }\n\n abc: 1\n}',
    'train t {\n  lr:         1\n  validation: 2\n  weight_decay: 3\n  clip: 4\n  seed: [\n    5,\n  ]\n  a: 1\n  model { b: 2 }\n\n  abc: 1\n}\n',
  ],
  ['a comment between two fields parts their columns', 'train t {\n a: 1\n # c\n abc: 2\n}', 'train t {\n  a: 1\n  # c\n  abc: 2\n}\n'],
  ['`=` in runs of params and of lets, apart', 'param a = 1\nparam abc = 2\nlet b = 3', 'param a   = 1\nparam abc = 2\nlet b = 3\n'],
  [
    '`=` in the cases of one family',
    'model m(6M) = a\nmodel m(1028M) = b\nmodel n("x") = c',
    'model m(6M)    = a\nmodel m(1028M) = b\nmodel n("x") = c\n',
  ],
  ['`=` in a body', 'op f(x) {\n a = x\n abc = a\n return abc\n}', 'op f(x) {\n  a   = x\n  abc = a\n  return abc\n}\n'],
  [
    'commas: on one line between fields, on several nowhere',
    'train t { a: 1 b: 2 }\ntrain u {\na: 1,\nb: 2,\n}',
    'train t { a: 1, b: 2 }\ntrain u {\n  a: 1\n  b: 2\n}\n',
  ],
  ['lists: a trailing comma only when broken', 'let a = [1, 2,]\nlet b = [\n1, 2]', 'let a = [1, 2]\nlet b = [\n  1,\n  2,\n]\n'],
  [
    'blanks around operators, none inside brackets',
    "let a = ( b+c )*d ^-e\nlet f = g[ d , t' ]( x , n:1 )",
    "let a = (b + c) * d ^ -e\nlet f = g[d, t'](x, n: 1)\n",
  ],
  [
    'numbers and strings keep their spelling',
    'let a = 10e18 flops\nlet b = 2_048 + 1.50\nlet c = "a\\u{41}\\n"',
    'let a = 10e18 flops\nlet b = 2_048 + 1.50\nlet c = "a\\u{41}\\n"\n',
  ],
  ['text between triple quotes is left alone', 'let a = """\n  x\n    y"""', 'let a = """\n  x\n    y"""\n'],
  [
    '`use`, then `param`, then the rest; the head of the file stays',
    '# head\n\n# of a\nlet a = 1\nuse smdm # why\nparam b = 2\nlet c = 3',
    '# head\n\nuse smdm  # why\nparam b = 2\n\n# of a\nlet a = 1\nlet c = 3\n',
  ],
  ['a shebang stays first', '#!/usr/bin/env smdmc\nlet a = 1\nuse smdm', '#!/usr/bin/env smdmc\nuse smdm\n\nlet a = 1\n'],
  ['comments at line ends stand two blanks away', 'let a = 1# x\ntrain t { a: 1 }   # y', 'let a = 1  # x\ntrain t { a: 1 }  # y\n'],
  [
    'comments in a record keep it broken',
    'train t { # head\n a: 1 # one\n # two\n\n # three\n}\n# end',
    'train t {\n  # head\n  a: 1  # one\n  # two\n\n  # three\n}\n# end\n',
  ],
  [
    'comments in a list stay with their items',
    'let a = [1, # one\n # two\n 2\n # three\n]',
    'let a = [\n  1,  # one\n  # two\n  2,\n  # three\n]\n',
  ],
  ['comments inside an expression move above it', 'let a = b + # why\n  c', '# why\nlet a = b + c\n'],
  ['comments before a brace move above the item', 'op f(x) = x # why\ngrad(dy) { x: dy }', '# why\nop f(x) = x\ngrad(dy) { x: dy }\n'],
  [
    'the signature of an op and a block',
    'op f[d]( x:[d],base=10 )->float=x\nblock g ( t : symbols[ time ] )->[ ] { weight A,B:[time]~1 repeat (2+1) { t=t } return t }',
    'op f[d](x: [d], base = 10) -> float = x\nblock g(t: symbols[time]) -> [] {\n  weight A, B: [time] ~ 1\n  repeat (2 + 1) {\n    t = t\n  }\n  return t\n}\n',
  ],
  [
    'a long expression breaks before its loosest operator',
    `op f(x) {\n  return ${'a'.repeat(30)} * ${'b'.repeat(30)} + ${'c'.repeat(30)} - ${'d'.repeat(10)}\n}`,
    `op f(x) {\n  return ${'a'.repeat(30)} * ${'b'.repeat(30)}\n    + ${'c'.repeat(30)}\n    - ${'d'.repeat(10)}\n}\n`,
  ],
  [
    'a long condition breaks before its values',
    `let x = if ${'a'.repeat(40)} then ${'b'.repeat(40)} else if ${'c'.repeat(10)} then ${'d'.repeat(70)} else e`,
    `let x = if ${'a'.repeat(40)}\n  then ${'b'.repeat(40)}\n  else if ${'c'.repeat(10)}\n  then ${'d'.repeat(70)}\n  else e\n`,
  ],
  [
    'long arguments stand one a line, a bracketed last one opens in place',
    `let x = f(${'a'.repeat(50)}, ${'b'.repeat(50)})\nlet y = f(a, { b: ${'c'.repeat(90)} })`,
    `let x = f(\n  ${'a'.repeat(50)},\n  ${'b'.repeat(50)}\n)\nlet y = f(a, {\n  b: ${'c'.repeat(90)}\n})\n`,
  ],
]

for (const [rule, before, after] of rules) {
  test(rule, () => {
    assert.equal(formatted(before), after)
  })
}

test('a row of powers is one level, as a row of sums is', () => {
  for (const op of ['^', '+']) {
    const text = formatted(`let a = bbbb${` ${op} cccc`.repeat(30)}`)
    assert.equal(text, `let a = bbbb${`\n  ${op} cccc`.repeat(30)}\n`)
  }
})
