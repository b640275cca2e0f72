// Ten thousand levels of anything that nests, and models without end: the answer is a diagnostic, soon, and never the end of
// the stack or of memory.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { describe } from 'node:test'
import { readYaml } from '../compiler/yaml/read.ts'
import { formatYaml, writeYaml } from '../compiler/yaml/write.ts'
import { format } from '../grammar/format.ts'
import { render } from '../grammar/frame.ts'
import { parse, parseExpression } from '../grammar/parse.ts'
import { checked } from './helpers/check.ts'
import { keepsTree } from './robust/promises.ts'

const deep = 10_000
const times = (text: string, n = deep): string => text.repeat(n)
const each = (text: (i: number) => string, n = deep): string => Array.from({ length: n }, (_, i) => text(i)).join(' ')

/** Expressions that the parser refuses. */
const expressions: Readonly<Record<string, string>> = {
  parentheses: `${times('(')}1${times(')')}`,
  lists: `${times('[')}1${times(']')}`,
  'brackets of two kinds': `${times('([')}1${times('])')}`,
  'records in records': `x { ${times('a: { ')}${times('}')} }`,
  'amendments in amendments': `x ${times('{ a ')}{}${times('}')}`,
  'amendments in a row': `x${times(' {}')}`,
  minus: `${times('-')}1`,
  not: `${times('not ')}true`,
  'if in else': `${times('if a then b else ')}1`,
  'if in then': `${times('if a then ')}1${times(' else 2')}`,
  'if in if': `${times('if ')}a${times(' then 1 else 2')}`,
  'a + a + …': `a${times(' + a')}`,
  'a ^ a ^ …': `a${times('^a')}`,
  'a ^ -a ^ …': `a${times('^-a')}`,
  'a and a and …': `a${times(' and a')}`,
  'x.y.z…': `x${times('.y')}`,
  'calls of calls': `f${times('()')}`,
  'calls in calls': `${times('f(')}1${times(')')}`,
  'indices of indices': `x${times('[d]')}`,
  'indices in indices': `${times('x[d: ')}1${times(']')}`,
  'brackets that nothing closes': times('('),
}

describe('ten thousand levels of an expression', () => {
  for (const [what, text] of Object.entries(expressions)) {
    test(what, () => {
      for (const page of [`let x = ${text}`, `op f(x) = ${text}`, `train t { a: ${text} }`]) {
        const found = checked(page).diagnostics
        assert.match(found.map((d) => d.code).join(), /^(nesting-too-deep|chain-too-long)$/)
        assert.ok(render(found[0]!).length > 0)
      }
      assert.equal(parseExpression({ name: '--set', text }).diagnostics.length, 1)
      for (const yaml of [`let x: ${text}`, `train t:\n  a: ${text}`, `op f: |\n  (x) = ${text}`, text]) {
        assert.ok(readYaml({ name: 'page.yaml', text: yaml }).diagnostics.length > 0)
        assert.ok(readYaml({ name: 'page.json', text: `{ "let x": ${JSON.stringify(text)}, "y": ${text} }` }).diagnostics.length > 0)
      }
    })
  }
})

test('what the limits allow and the stack does not hold is too deep, too', () => {
  const folder = mkdtempSync(join(tmpdir(), 'smdmc-deep-'))
  try {
    writeFileSync(join(folder, 'page.smdm'), `let a = ${times('f(x: ', 98)}1${times(')', 98)}\n`)
    const command = join(import.meta.dirname, '..', 'bin', 'smdmc.js')
    const { status, stderr } = spawnSync(process.execPath, ['--stack-size=400', command, 'check', 'page.smdm'], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.equal(status, 2)
    assert.match(stderr, /^error\[nesting-too-deep\]: this is nested more than 97 levels deep\n/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

describe('ten thousand levels of YAML', () => {
  const cases: Readonly<Record<string, string>> = {
    'flow sequences': `let a: ${times('[')}${times(']')}`,
    'flow mappings': `let a: ${times('{ a: ')}1${times('}')}`,
    'keys in one line': `train t: ${times('a: ')}`,
    dashes: `let a:\n  ${times('- ')}1`,
    'indented mappings': `train t:\n${Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i + 1)}a:\n`).join('')}`,
    'question marks': times('? '),
    tags: `let a: ${times('!t ')}1`,
    anchors: `let a: ${times('&a ')}1`,
  }
  for (const [what, text] of Object.entries(cases)) {
    test(what, () => assert.ok(readYaml({ name: 'page.yaml', text }).diagnostics.length > 0))
  }
})

test('what nests as deep as is allowed is parsed, formatted, checked and carried through YAML', () => {
  const sum = `a${times(' + a', 990)}`
  const pages = [`let x = ${times('(', 90)}1${times(')', 90)}`, `let x = ${sum}`, `op f(a) = ${sum}`, `let x = ${times('-', 990)}a`, `let x = a${times('.b', 990)}`, `let x = ${times('[', 90)}${times(']', 90)}`, `train t { ${times('a { ', 90)}${times('}', 90)} }`] // prettier-ignore
  for (const text of pages) {
    const { module, diagnostics } = parse({ name: 'page.smdm', text })
    assert.deepEqual(diagnostics, [])
    assert.deepEqual(parse({ name: 'page.smdm', text: format(module) }).diagnostics, [])
    assert.deepEqual(readYaml({ name: 'page.yaml', text: writeYaml(module) }).diagnostics, [])
    assert.ok(formatYaml(module).length > 0)
    checked(text)
  }
})

describe('the deepest of what a page holds is read from YAML as well', () => {
  const cases: Readonly<Record<string, readonly [deepest: number, text: (n: number) => string]>> = {
    records: [99, (n) => `train t { ${times('a: { ', n)}b: 1${times(' }', n)} }`],
    amendments: [99, (n) => `train t { ${times('a: b { ', n)}${times(' }', n)} }`],
    'amendments in a row': [999, (n) => `train t { a: b${times(' { c: 1 }', n)} }`],
    'records in lists': [50, (n) => `let t = ${times('[{ a: ', n)}1${times(' }]', n)}`],
  }
  for (const [what, [deepest, page]] of Object.entries(cases)) {
    test(what, () => {
      const { module, diagnostics } = parse({ name: 'page.smdm', text: page(deepest) })
      assert.deepEqual(diagnostics, [])
      assert.equal(parse({ name: 'page.smdm', text: page(deepest + 1) }).diagnostics.length, 1)
      keepsTree(module)
    })
  }
})

test('what only the checker refuses is carried through YAML', () => {
  for (const text of ['train t = []', 'data d = [{ a: 1 }]', 'train t = 3', 'sample s = "text"']) {
    const { module, diagnostics } = parse({ name: 'page.smdm', text })
    assert.deepEqual(diagnostics, [])
    keepsTree(module)
  }
})

test('amendments in a row are one text in YAML, whether their author broke the lines or not', () => {
  for (const text of ['let t = a { b: 1 } { c: 2 }', 'let t = a {\n  b: 1\n} {\n  c: 2\n}', 'let t = a { b: { c: [\n1\n] } } {}']) {
    const { module, diagnostics } = parse({ name: 'page.smdm', text })
    assert.deepEqual(diagnostics, [])
    keepsTree(module)
  }
})

const data = 'use smdm data d = text("t.txt") { validation: 1% } '
const model = (sizes: string): string => `${data} train t = smdm.pretrain { model: transformer { ${sizes} }, data: d, budget: 500 steps }`
const small = 'layers: 1, width: 8, heads: 2, context: 16'
const layer = (body: string): string => `block layer(x: [time, width]) -> [time, width] { ${body} } ${model(`${small}, layer: layer`)}`

describe('pages that mean more than a machine holds', () => {
  const cases: Readonly<Record<string, readonly [page: string, code: string]>> = {
    'a billion layers': [model('layers: 1e9, width: 8, heads: 2, context: 16'), 'too-many-turns'],
    'a million million turns': [layer('repeat 1e12 {} return x'), 'too-many-turns'],
    'turns in turns': [layer('y = x repeat 1000 { repeat 1000 { repeat 1000 { y = y + 1 } } } return y'), 'too-many-turns'],
    'a width of 1e15': [model('layers: 1, width: 1e15, heads: 2, context: 16'), 'dimension-too-large'],
    'a width of 1e15 that heads do not divide': [model('layers: 1, width: 1e15, heads: 3, context: 16'), 'dimension-too-large'],
    'a context of 1e15': [model('layers: 1, width: 8, heads: 2, context: 1e15'), 'dimension-too-large'],
    'no context': [model('layers: 1, width: 8, heads: 2, context: 0'), 'dimension-not-whole'],
    'a negative width': [model('layers: 1, width: -8, heads: 2, context: 16'), 'dimension-not-whole'],
    'ops that double, on tensors': [`op f0(x) = x ${each((i) => `op f${i + 1}(x) = f${i}(x) * f${i}(x)`, 60)} ${layer('return f60(x)')}`, 'too-long'], // prettier-ignore
    'ops that double, on numbers': [`op f0(x) = x ${each((i) => `op f${i + 1}(x) = f${i}(x) * f${i}(x)`, 60)} let z = f60(1)`, 'too-long'],
    'ten thousand calls': [`op f0(x) = x ${each((i) => `op f${i + 1}(x) = f${i}(x)`)} ${layer(`return f${deep}(x)`)}`, 'too-deep'],
    'ten thousand lets of a block': [layer(`${each((i) => `let a${i} = a${i + 1}`)} let a${deep} = 1 return x * a0`), 'too-deep'],
    'ten thousand lets of a page': [`${each((i) => `let a${i} = a${i + 1} + 1`)} let a${deep} = 1`, 'names-too-deep'],
    'ten thousand amendments': [`${each((i) => `train t${i} = t${i + 1} {}`)} train t${deep} {}`, 'names-too-deep'],
    'a text that doubles': [`let t0 = "ten lettrs" ${each((i) => `let t${i + 1} = t${i} + t${i}`, 60)}`, 'text-too-long'],
    'a sweep over everything': [`${model(small)} sweep s { over { ${each((i) => `a${i}: [1, 2, 3, 4, 5, 6, 7]`, 12)} } run: t {} }`, 'too-many-rows'], // prettier-ignore
  }
  for (const [what, [page, code]] of Object.entries(cases)) {
    test(what, () => {
      const began = performance.now()
      const { diagnostics, pipeline } = checked(page)
      const took = performance.now() - began
      assert.equal(pipeline, undefined)
      assert.ok(
        diagnostics.some((d) => d.code === code),
        diagnostics.map((d) => d.code).join(),
      )
      assert.ok(took < 10_000, `${took.toFixed(0)} ms`)
    })
  }
})

test('names and units that JavaScript knows mean nothing', () => {
  for (const name of ['valueOf', 'constructor', 'toString']) {
    const asUnit = checked(layer(`repeat 2${name} {} return x`)).diagnostics
    assert.deepEqual(new Set(asUnit.map((d) => d.code)), new Set(['unknown-suffix', 'unit-in-code']))
    assert.deepEqual(checked(layer(`return x * ${name}`)).diagnostics.map((d) => d.code), ['undefined-name']) // prettier-ignore
    assert.deepEqual(checked(`let a = ${name}`).diagnostics.map((d) => d.code), ['unknown-name']) // prettier-ignore
  }
})

test('a library in YAML that is called like a reserved word is a text in our form', () => {
  for (const [name, text] of [
    ['page.yaml', 'use m: let\n'],
    ['page.json', '{ "use m": "let" }'],
  ] as const) {
    const { module, diagnostics } = readYaml({ name, text })
    assert.deepEqual(diagnostics, [])
    assert.equal(format(module), 'use "let" as m\n')
    keepsTree(module)
  }
})

test('two names of ten thousand letters are not compared letter by letter', () => {
  const long = 'x'.repeat(20_000)
  const began = performance.now()
  const { diagnostics } = checked(layer(`return x * ${long}a + ${long}b`) + ` let ${long} = 1`)
  assert.deepEqual(new Set(diagnostics.map((d) => d.code)), new Set(['undefined-name']))
  assert.ok(performance.now() - began < 2000)
})

test('chains before the braces of an amendment are as long in YAML as on a page of ours', () => {
  const page = (n: number): string => `data d = text("a"${times(' ^ 2', n)}) { limit: 1 tokens }`
  const yaml = (n: number): string => `data d:\n  is: text("a"${times(' ^ 2', n)})\n  limit: 1 tokens\n`
  for (const n of [997, 998, 999, 1000]) {
    const ours = parse({ name: 'page.smdm', text: page(n) })
    const theirs = readYaml({ name: 'page.yaml', text: yaml(n) })
    assert.deepEqual(theirs.diagnostics.map((d) => d.code), n > 998 ? ['chain-too-long'] : []) // prettier-ignore
    assert.deepEqual(ours.diagnostics.map((d) => d.code), theirs.diagnostics.map((d) => d.code)) // prettier-ignore
    if (n <= 998) keepsTree(ours.module)
  }
})
