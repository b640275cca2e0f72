// The YAML form is one-to-one: every page goes there and back with its tree and its comments, and its stages keep their keys.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { isYaml } from '../compiler/yaml/form.ts'
import { parsePage, readYaml } from '../compiler/yaml/read.ts'
import { formatYaml, writeYaml } from '../compiler/yaml/write.ts'
import { positionAt, type SourceFile } from '../grammar/source.ts'
import { format } from '../grammar/format.ts'
import { parse } from '../grammar/parse.ts'
import { checked, folder, page, shown, world } from './helpers/check.ts'
import { bare, commentsOf, programs, source } from './helpers/grammar.ts'

const root = join(import.meta.dirname, '..')
const shipped = ['pipelines/std', 'pipelines/smdm', 'examples'].flatMap((path) =>
  readdirSync(join(root, path))
    .filter((f) => f.endsWith('.smdm'))
    .map((f): SourceFile => ({ name: `${path}/${f}`, text: readFileSync(join(root, path, f), 'utf8') })),
)
const yaml = (text: string, name = 'page.yaml'): ReturnType<typeof readYaml> => readYaml({ name, text })
const inYaml = (text: string): string => writeYaml(parse(source(text)).module)
const inSmdm = (text: string, name?: string): string => {
  const { module, diagnostics } = yaml(text, name)
  assert.deepEqual(diagnostics, [])
  return format(module)
}
const either = { parse: (s: SourceFile) => (isYaml(s.name) ? readYaml(s) : world().parse!(s)) }

for (const program of [...programs, ...shipped]) {
  test(`${program.name} goes to YAML and back`, () => {
    const { module } = parse(program)
    const text = writeYaml(module)
    const back = yaml(text)
    assert.deepEqual(back.diagnostics, [])
    assert.deepEqual(bare(back.module), bare(module))
    assert.deepEqual(commentsOf(back.module), commentsOf(module))
    const again = parse(source(format(back.module)))
    assert.deepEqual(bare(again.module), bare(module))
    assert.equal(formatYaml(again.module), formatYaml(module))
  })
}

test('the canonical layout', () => {
  const text = `# head
use smdm
use "other.smdm" as paper

## Doc.
param size = 6M  # why
param start
data tales = text("a b.txt") {
  validation: 1%  # a hundredth
  # at the end
}
model preset(6M) = transformer { layers: 6 }
train t = smdm.pretrain {
  model { causal: true }
  data: tales {}
  optimizer: adamw { betas: [0.9, 0.95], warmup: max(1%, 100 steps) }
  objective: { learn: answers }
}
sample s {
  prompt: """
Once
  upon"""
  write: "a" + start
}
let dir = "a" + "b"
let xs = [max(1, 2), f(n: 3)]
let hash = f("a #1")
op linear(t) = t  # the paper's
`
  const expected = `# head
use smdm: smdm
use paper: "other.smdm"

## Doc.
param size: 6M  # why
param start:
data tales:
  is: text("a b.txt")
  validation: 1%  # a hundredth
  # at the end
model preset(6M):
  is: transformer
  layers: 6
train t:
  is: smdm.pretrain
  model:
    causal: true
  data:
    is: tales
  optimizer:
    is: adamw
    betas: [0.9, 0.95]
    warmup: max(1%, 100 steps)
  objective:
    is:
      learn: answers
sample s:
  prompt: |-
    Once
      upon
  write: ("a" + start)
let dir: ("a" + "b")
let xs:
  - max(1, 2)
  - |
    f(n: 3)
let hash: |
  f("a #1")
op linear: |  # the paper's
  (t) = t
`
  assert.equal(inYaml(text), expected)
  assert.deepEqual(bare(yaml(expected).module), bare(parse(source(text)).module))
})

const forms: readonly (readonly [what: string, yaml: string, smdm: string])[] = [
  ['an empty page', '', ''],
  ['comments alone', '# a\n\n# b\n', '# a\n\n# b\n'],
  ['a document marker', '---\nlet a: 1\n', 'let a = 1\n'],
  [
    'a plain scalar where only a text can stand',
    'sample s:\n  prompt: Once upon a time\n',
    'sample s {\n  prompt: "Once upon a time"\n}\n',
  ],
  ['an expression there', 'sample s:\n  prompt: (a + "b")\n', 'sample s {\n  prompt: a + "b"\n}\n'],
  ['quoted in either way', `let a: 'it''s "1"'\nlet b: "\\x41\\n"\n`, 'let a = "it\'s \\"1\\""\nlet b = "A\\n"\n'],
  ['a plain scalar over two lines', 'let a: 1 +\n  2\n', 'let a = 1 + 2\n'],
  [
    'what other readers take for numbers, truths and nothing',
    'let a: 1e-3\nlet b: yes\nlet c: null\n',
    'let a = 1e-3\nlet b = yes\nlet c = null\n',
  ],
  ['brackets of YAML', 'train t: { is: base, batch: 8 sequences, seed: 1 }\n', 'train t = base { batch: 8 sequences, seed: 1 }\n'],
  ['the signature in the key', 'op f(x): = x\n', 'op f(x) = x\n'],
  ['code on the line of its key', 'op f: (x) = x\n', 'op f(x) = x\n'],
  ['a list as far left as its key', 'let a:\n- 1\n- 2\n', 'let a = [\n  1,\n  2,\n]\n'],
  ['amended twice', 'let a:\n  is:\n    is: b\n    c: 1\n  d: 2\n', 'let a = b { c: 1 } {\n  d: 2\n}\n'],
  ['a sum amended', 'let a:\n  is: b + c\n  d: 2\n', 'let a = (b + c) {\n  d: 2\n}\n'],
  ['a number with its unit amended', 'let a:\n  is: 2 steps\n  d: 2\n', 'let a = (2 steps) {\n  d: 2\n}\n'],
  ['a field called `is`', "let a:\n  is: b\n  'is': 1\n", 'let a = b {\n  is: 1\n}\n'],
  ['an alias of the same name', 'use a: a as a\n', 'use a as a\n'],
  ['comments behind keys and dashes', 'let a:  # 1\n  -  # 2\n    b: 1  # 3\n', 'let a = [\n  {\n    b: 1  # 3\n  },  # 2\n]  # 1\n'],
]

for (const [what, text, expected] of forms) {
  test(what, () => {
    assert.equal(inSmdm(text), expected)
    const again = inSmdm(formatYaml(yaml(text).module))
    assert.deepEqual(bare(parse(source(again)).module), bare(parse(source(expected)).module))
  })
}

test('names longer than YAML looks for a colon keep their place and their comments', () => {
  for (const length of [999, 1000, 1030, 5000]) {
    const name = 'x'.repeat(length)
    const pages = [
      `# a\nop ${name}(x) = x  # b\n`,
      `let ${name} = { a: 1 }  # a\nlet b = 2\n`,
      `let ${name} = base { a: 1 }  # a\n`,
      `param ${name}: float  # a\nlet b = 1\n`,
      `# a\ntrain ${name} {  # b\n  # c\n  a: 1  # d\n  # e\n}  # f\n# g\n`,
      `train t { ${name}: base { ${name}: [1, 2] } }\n`,
      `train t {\n  a: { ${name}: b {} }  # a\n\n  # b\n  ${name}: """\n  a\n"""  # c\n}\n`,
      `train t {\n  a: [\n    # a\n    { ${name}: { a: 1 }  # b\n b: 2 }\n  ]\n}\n`,
      `use "a.smdm" as ${name}  # a\n`,
    ]
    for (const text of pages) {
      const { module, diagnostics } = parse(source(text))
      assert.deepEqual(diagnostics, [])
      const written = writeYaml(module)
      const back = yaml(written)
      assert.deepEqual(back.diagnostics, [])
      assert.deepEqual(bare(back.module), bare(module))
      assert.deepEqual(commentsOf(back.module), commentsOf(module), written)
      assert.equal(writeYaml(back.module), written)
    }
  }
})

test('a key that a question mark announces, as one may write it', () => {
  const expected = 'let a = 1  # c\nlet b = { c: 1 }  # d\n'
  assert.equal(inSmdm('? let a\n: 1  # c\n? let b\n:  # d\n  is:\n    c: 1\n'), expected)
  assert.equal(inSmdm('? let a\r\n: 1  # c\r\n? let b\r\n:  # d\r\n  is:\r\n    c: 1\r\n'), expected)
  assert.equal(inSmdm('? op f  # a\n: |  # b\n  (x) = x\n'), '# a\nop f(x) = x  # b\n')
})

test('JSON: a string is an expression where no text can stand', () => {
  const text = JSON.stringify({
    'use smdm': 'smdm',
    'param size': '6M',
    'let word': 'M6',
    'use paper': 'other.smdm',
    'data tales': { is: 'text("a.txt")', validation: '1%', tokenizer: 'bytes' },
    'train t': {
      is: 'smdm.pretrain',
      model: { is: 'smdm.preset(6M)', context: 64 },
      data: 'tales',
      budget: '2000 steps',
      optimizer: { betas: [0.9, 0.95] },
    },
    'sample s': { from: 't', prompt: 'Once' },
  })
  const expected = `use smdm
use "other.smdm" as paper

param size = 6M

let word = "M6"
data tales = text("a.txt") { validation: 1%, tokenizer: bytes }
train t = smdm.pretrain {
  model:  smdm.preset(6M) { context: 64 }
  data:   tales
  budget: 2000 steps
  optimizer { betas: [0.9, 0.95] }
}
sample s { from: t, prompt: "Once" }
`
  assert.deepEqual(bare(parse(source(inSmdm(text, 'page.json'))).module), bare(parse(source(expected)).module))
})

test('a page and its twin have the same keys', () => {
  const custom = `op relu2(x) = wgsl """
  let r = max(x, 0.0);
  return r * r;
"""
grad(dy) { x: dy * 2 * max(x, 0) }
op mine(t) {  # p
  a = t * t
  return a  # never
}
block layer(x: [time, width]) -> [time, width] {
  y = x + attention(rmsnorm[width](x))
  return y + relu2(swiglu(y))
}
`
  const text = page(
    'model { layer: layer }\n  objective { schedule: mine }',
    `${custom}\nsample s { from: t, prompt: "Once", length: 32 tokens }\neval e { from: t, data: tales.validation }`,
  ).replace(/  model: .*\n((?:.*\n)*?)  model \{ (.*) \}/, '  model: smdm.preset(6M) { context: 64, layers: 2, $2 }\n$1')
  const stages = (checking: ReturnType<typeof checked>): unknown => {
    assert.ok(checking.pipeline, shown(checking.diagnostics))
    return checking.pipeline.stages.map(({ name, key }) => ({ name, key }))
  }
  const before = stages(checked(text))
  const twin = inYaml(text)
  assert.deepEqual(stages(checked(twin, either, 'page.yaml')), before)
  assert.deepEqual(stages(checked(format(yaml(twin).module))), before)
  assert.notDeepEqual(stages(checked(twin.replace('t * t', 't * t * t'), either, 'page.yaml')), before)
})

for (const name of readdirSync(folder).filter((f) => f.endsWith('.smdm'))) {
  const wrong = parse({ name, text: readFileSync(join(folder, name), 'utf8') })
  if (wrong.diagnostics.length > 0) continue
  test(`${name} is as wrong in YAML, at a place in the YAML`, () => {
    const text = writeYaml(wrong.module)
    const said = (d: readonly { readonly code: string; readonly message: string }[]): unknown =>
      d.map(({ code, message }) => ({ code, message })).sort((a, b) => (a.code + a.message < b.code + b.message ? -1 : 1))
    const { diagnostics } = checked(text, either, 'page.yaml')
    assert.deepEqual(said(diagnostics), said(checked(wrong.module.source.text).diagnostics))
    for (const { span } of diagnostics.filter((d) => d.span.source.name === 'page.yaml')) {
      const { line, column } = positionAt(span.source, span.start)
      assert.ok(column <= text.split('\n')[line - 1]!.length + 1)
      assert.equal(text.slice(0, span.start), span.source.text.slice(0, span.start))
    }
  })
}

test('one form may use the other', () => {
  const used = { 'base.yaml': inYaml(page()) }
  const text = 'use "base.yaml" as b\ntrain u = b.t { seed: 1 }\n'
  assert.ok(checked(text, { ...either, used }).pipeline)
  assert.ok(checked(inYaml(text), { ...either, used }, 'page.yaml').pipeline)
  assert.equal(parsePage({ name: 'a.smdm', text: 'let a = 1' }).module.items.length, 1)
})

test('smdmc convert', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'smdmc-'))
  const path = join(scratch, 'a.yaml')
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(root, 'bin', 'smdmc.js'), 'convert', ...args], { encoding: 'utf8' })
  writeFileSync(path, 'let a:  1  # c\n')
  assert.equal(run(path, '-o', join(scratch, 'a.smdm')).status, 0)
  assert.equal(readFileSync(join(scratch, 'a.smdm'), 'utf8'), 'let a = 1  # c\n')
  assert.equal(run(join(scratch, 'a.smdm')).stdout, 'let a: 1  # c\n')
  const refused = run(path, '-o', join(scratch, 'b.yaml'))
  assert.match(refused.stderr, /ends in \.smdm/)
  assert.equal(refused.status, 2)
})
