// parse(): the tree it builds, what it accepts, and that no text is too strange, too deep or too long for it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lexer } from 'chevrotain'
import type { Expr, Noun } from '../grammar/ast.ts'
import { format } from '../grammar/format.ts'
import { parse, parseExpression } from '../grammar/parse.ts'
import { Parser } from '../grammar/parser.ts'
import { textOf } from '../grammar/source.ts'
import { allTokens } from '../grammar/tokens.ts'
import { bare, codes, programs, source } from './helpers/grammar.ts'

function expr(text: string): Expr {
  const { expr: tree, diagnostics } = parseExpression(source(text))
  assert.deepEqual(
    diagnostics.map(({ message }) => message),
    [],
  )
  assert.ok(tree)
  return tree
}

/** An expression with every operation in brackets. */
function bracketed(e: Expr): string {
  if (e.kind === 'binary') return `(${bracketed(e.left)} ${e.op} ${bracketed(e.right)})`
  if (e.kind === 'unary') return `(${e.op} ${bracketed(e.value)})`
  if (e.kind === 'if') return `(if ${bracketed(e.test)} then ${bracketed(e.then)} else ${bracketed(e.else)})`
  return textOf(e.span)
}

for (const program of programs) {
  test(`${program.name} parses without a word`, () => {
    const { module, diagnostics } = parse(program)
    assert.deepEqual(diagnostics, [])
    assert.ok(module.items.length > 1)
  })
}

test('the rules fit each other, and so do the tokens', () => {
  assert.doesNotThrow(() => new Parser({ validated: true }))
  const { lexerDefinitionErrors } = new Lexer(allTokens, { positionTracking: 'onlyOffset' })
  assert.deepEqual(lexerDefinitionErrors, [])
})

test('every node says where it stands', () => {
  const { module } = parse(source('use smdm\n\ntrain t = smdm.pretrain { batch: 32 sequences }\n'))
  const noun = module.items[1] as Noun
  assert.equal(textOf(noun.span), 'train t = smdm.pretrain { batch: 32 sequences }')
  assert.ok(noun.value.kind === 'amend')
  assert.equal(textOf(noun.value.target.span), 'smdm.pretrain')
  assert.equal(textOf(noun.value.record.fields[0]!.span), 'batch: 32 sequences')
  assert.equal(textOf(noun.value.record.fields[0]!.value!.span), '32 sequences')
})

test('operators bind as in mathematics', () => {
  const pairs = {
    'a + b * c - d': '((a + (b * c)) - d)',
    'a / b / c': '((a / b) / c)',
    'a ^ b ^ c': '(a ^ (b ^ c))',
    '-a ^ b': '(- (a ^ b))',
    'a ^ -b * c': '((a ^ (- b)) * c)',
    'a - -b': '(a - (- b))',
    'a mod b + c': '((a mod b) + c)',
    'not a == b and c or d': '(((not (a == b)) and c) or d)',
    'a and not b': '(a and (not b))',
    'a + 1 < b * 2': '((a + 1) < (b * 2))',
    'if a then b else c + d': '(if a then b else (c + d))',
    'if a then if b then c else d else e': '(if a then (if b then c else d) else e)',
    'if a then b else if c then d else e': '(if a then b else (if c then d else e))',
  }
  for (const [text, tree] of Object.entries(pairs)) assert.equal(bracketed(expr(text)), tree)
})

test('suffixes stack from left to right', () => {
  assert.deepEqual(bare(expr("f.g[d, t', s: x + 1](a, n: b) { c: 1 }")), {
    kind: 'amend',
    target: {
      kind: 'call',
      callee: {
        kind: 'index',
        target: { kind: 'member', target: { kind: 'name', name: 'f' }, name: { name: 'g' } },
        entries: [
          { name: { name: 'd' } },
          { name: { name: "t'" } },
          {
            name: { name: 's' },
            value: {
              kind: 'binary',
              op: '+',
              left: { kind: 'name', name: 'x' },
              right: { kind: 'number', value: 1, text: '1' },
            },
          },
        ],
      },
      args: [{ value: { kind: 'name', name: 'a' } }, { name: { name: 'n' }, value: { kind: 'name', name: 'b' } }],
    },
    record: { kind: 'record', fields: [{ name: { name: 'c' }, value: { kind: 'number', value: 1, text: '1' } }] },
  })
})

test('numbers carry suffix and unit', () => {
  const cases: [string, number, string?, string?][] = [
    ['2_048', 2048],
    ['2048 tokens', 2048, undefined, 'tokens'],
    ['1 token', 1, undefined, 'token'],
    ['10e18 flops', 10e18, undefined, 'flops'],
    ['1e-3', 1e-3],
    ['0.5', 0.5],
    ['1%', 1, '%'],
    ['6M', 6, 'M'],
    ['170M params', 170, 'M', 'params'],
    ['12GiB', 12, 'GiB'],
    ['30min', 30, 'min'],
  ]
  for (const [text, value, suffix, unit] of cases) {
    const { span, ...number } = expr(text) as Extract<Expr, { kind: 'number' }>
    assert.equal(textOf(span), text)
    assert.deepEqual(number, { kind: 'number', value, suffix, unit, text })
  }
})

test('a word after a number is its unit only where nothing else can be meant', () => {
  const fields = (text: string): readonly string[] => {
    const { module, diagnostics } = parse(source(text))
    assert.deepEqual(
      diagnostics.map(({ message }) => message),
      [],
    )
    const { value } = module.items[0] as Noun
    return value.kind === 'record' ? value.fields.map((field) => `${field.name.name}=${field.value ? textOf(field.value.span) : '{}'}`) : []
  }
  assert.deepEqual(fields('train t {\n  batch: 256\n  steps: 10\n}'), ['batch=256', 'steps=10'])
  assert.deepEqual(fields('train t {\n  batch: 256\n  model { a: 1 }\n}'), ['batch=256', 'model={}'])
  assert.deepEqual(fields('model m { layers: 6 heads: 4 steps: 2 tokens }'), ['layers=6', 'heads=4', 'steps=2 tokens'])
  assert.deepEqual(fields('model m { a: 1 mod: 3 and: 4 }'), ['a=1', 'mod=3', 'and=4'])
  assert.equal(bracketed(expr('if x > 0 then 1 else 2')), '(if (x > 0) then 1 else 2)')
  assert.equal(bracketed(expr('a mod 3 mod 4')), '((a mod 3) mod 4)')
  assert.deepEqual(codes('block b(x: [d]) -> [d] { repeat 3 { x = x * 2 } return x }'), [])
})

test('strings: escapes, triple quotes, WGSL', () => {
  const value = (text: string): unknown => (expr(text) as { value?: unknown }).value
  assert.equal(value('"a\\n\\"b\\"\\\\ \\u{1F600} {c}"'), 'a\n"b"\\ 😀 {c}')
  assert.equal(value('"""\nfirst\n  "second" \\n"""'), 'first\n  "second" \\n')
  assert.equal(value('""'), '')
  assert.equal((expr('wgsl "return x;"') as Extract<Expr, { kind: 'wgsl' }>).code.value, 'return x;')
})

test('reserved words name fields and members, and nothing new', () => {
  assert.deepEqual(codes('train t { use: 1, if: 2, repeat { op: 3 } }\nlet x = t.weight'), [])
  assert.deepEqual(codes('let block = 3'), ['reserved-name'])
  assert.deepEqual(codes('train if { a: 1 }\nlet x = 1'), ['reserved-name'])
})

test('a doc comment stands directly above what it describes', () => {
  const { module } = parse(source('## Of the file.\n\n## First,\n## second.\nlet a = 1\n# plain\nlet b = 2\n'))
  assert.deepEqual(
    module.items.map(({ doc }) => doc),
    ['First,\nsecond.', undefined],
  )
})

test('an empty text, a byte-order mark, CRLF and a shebang are all fine', () => {
  assert.deepEqual(parse(source('')).module.items, [])
  assert.deepEqual(codes('# nothing but a comment'), [])
  const { module, diagnostics } = parse(source('\uFEFF#!/usr/bin/env -S smdmc run\r\nuse smdm\r\n\r\nlet a = 3 # c\r\n'))
  assert.deepEqual(diagnostics, [])
  assert.deepEqual(
    module.items.map(({ trivia }) => trivia),
    [
      { before: ['#!/usr/bin/env -S smdmc run'], after: undefined, gap: false },
      { before: [], after: '# c', gap: true },
    ],
  )
})

test('a lone expression must be alone', () => {
  for (const text of ['', '1 +', 'a b', '1 2', 'train t {}', 'a)']) assert.ok(parseExpression(source(text)).diagnostics.length > 0, text)
})

test('deep nesting is an answer, not a crash', () => {
  const nested = (open: string, close: string, depth: number): string => `let a = ${open.repeat(depth)}x${close.repeat(depth)}\nlet b = 1`
  const brackets: [string, string][] = [
    ['(', ')'],
    ['[', ']'],
    ['f(', ')'],
    ['{ a: ', ' }'],
    ['x { a ', '}'],
    ['if a then b else (', ')'],
  ]
  for (const [open, close] of brackets) assert.deepEqual(codes(nested(open, close, 10_000)), ['nesting-too-deep'], open)
  for (const open of ['(', '[', '{', 'if ']) assert.deepEqual(codes(nested(open, '', 10_000)), ['nesting-too-deep'], open)
  for (const open of ['- ', 'not ', '2 ^ ', 'x + ', 'a.', 'if a then b else ']) {
    assert.deepEqual(codes(nested(open, '', 10_000)), ['chain-too-long'], open)
  }
  assert.deepEqual(codes(nested('(', ')', 99)), [])
  assert.deepEqual(codes(`let a = ${'x + '.repeat(900)}x`), [])
  assert.deepEqual(parseExpression(source('('.repeat(10_000))).expr, undefined)
})

test('a long file is no deep file', () => {
  const text = Array.from({ length: 2500 }, (_, i) => `train t${i} {\n  model { a: ${i} }\n  batch: 3\n}\n`).join('')
  const { module, diagnostics } = parse(source(text))
  assert.deepEqual(diagnostics, [])
  assert.equal(module.items.length, 2500)
  assert.equal(format(module).split('\n').length, 10_001)
})
