// What can be wrong with a page in YAML: one mistake, one message, at its place in the YAML; and the schema that editors
// complete from is fresh, takes every page that is right, and says what belongs where a tree cannot be made.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { documentOf } from '../compiler/yaml/document.ts'
import { readYaml } from '../compiler/yaml/read.ts'
import { messages } from '../compiler/yaml/messages.ts'
import { validateYaml } from '../compiler/yaml/shape.ts'
import { yamlSchema } from '../compiler/yaml/schema.ts'
import { writeYaml } from '../compiler/yaml/write.ts'
import { codeOf } from '../grammar/diagnostic.ts'
import { parse } from '../grammar/parse.ts'
import { positionAt } from '../grammar/source.ts'
import { applied, checked, world } from './helpers/check.ts'
import { programs } from './helpers/grammar.ts'

/** `line:column code` and the message of everything said of a page. */
function said(text: string, name = 'page.yaml'): readonly string[] {
  return readYaml({ name, text }).diagnostics.map(({ code, span, message }) => {
    const { line, column } = positionAt(span.source, span.start)
    return `${line}:${column} ${code}: ${message}`
  })
}

const wrong: readonly (readonly [what: string, yaml: string, ...said: string[]])[] = [
  ['a record on the line of its base', 'train t:\n  model: base { a: 1 }\n', '2:10 yaml-syntax: a second `: ` on one line'],
  ['a tab', 'train t:\n\tseed: 1\n', '2:1 yaml-syntax: YAML is indented with blanks, never with tabs'],
  ['an open quote', 'let a: "b\n', '1:8 yaml-syntax: this text is never closed'],
  ['an open bracket of YAML', 'train t:\n  betas: [1, 2\n  seed: 1\n', '2:10 unclosed-bracket: this `[` is never closed'],
  ['an open brace of YAML at the end', 'let a: {b: 1\n', '1:8 unclosed-bracket: this `{` is never closed'],
  [
    'two open brackets',
    'let a: [1,\n  [2, 3\nlet b: 4\n',
    '1:8 unclosed-bracket: this `[` is never closed',
    '2:3 unclosed-bracket: this `[` is never closed',
  ],
  ['an open bracket inside another', 'let a: {b: [1}\n', '1:12 unclosed-bracket: this `[` is never closed'],
  ['a list that is too far to the left', 'let a: [\n1\n]\n', '2:1 yaml-syntax: this line is indented less or more than its neighbours'],
  ['a mark of YAML', 'let a: @b\n', '1:8 yaml-syntax: a value cannot begin with this mark'],
  ['two documents', 'let a: 1\n---\nlet b: 2\n', '2:1 second-document: a second YAML document begins here'],
  ['a list for a page', '- a\n', '1:1 wrong-shape: a page is a mapping of declarations, but this is a list'],
  ['a mapping for code', 'op f:\n  a: 1\n', '2:3 wrong-shape: `op f` takes code, but this is a mapping'],
  ['a list for a file', 'use x: [1]\n', '1:8 wrong-shape: `use x` takes the name of a library or a file, but this is a list'],
  [
    'nothing behind two keys',
    'train t:\n  batch:\n  objective:\n    schedule:\n',
    '2:9 wrong-shape: `batch` takes a number with its unit, but this is nothing',
    '4:14 wrong-shape: `schedule` takes an op, but this is nothing',
  ],
  ['nothing behind let', 'let a:\n', '1:7 wrong-shape: `let a` takes an expression, but this is nothing'],
  ['a key alone between brackets', 'train t: { batch }\n', '1:17 wrong-shape: `batch` takes a number with its unit, but this is nothing'],
  ['a key that is no text', '? [a]\n: 1\n', '1:3 not-a-key: a key is a text on one line'],
  ['a field with a blank', 'train t:\n  a b: 1\n', '2:3 not-a-field: `a b` cannot be the name of a field'],
  ['two declarations behind one key', 'op f: |\n  (x) = x\n  let a = 1\n', '1:1 one-each: `op f` holds more than one declaration'],
  ['the words of use', 'use "a.smdm": a\n', '1:1 use-form: this `use` has its words in the wrong places'],
  ['an alias', 'let a: *b\n', '1:8 no-alias: the YAML alias `*b` is not used here'],
  ['a merge key', 'train t:\n  <<: b\n', '2:3 not-a-field: YAML’s merge key is not used here'],
  ['a tag', 'let a: !b 1\n', '1:11 no-tag: the YAML tag `!b` means nothing here'],
  ['a base without a name', 'let a:\n  is:\n    b: 1\n  c: 2\n', '3:5 literal-base: a record without a name cannot be amended'],
  ['a comma in brackets', 'train t: { w: max(1%, 2), x: 1 }\n', '1:15 comma-in-flow: between YAML’s brackets this value ends at its comma'],
  [
    'a name where a text stands',
    'let a: "b"\nsample s:\n  prompt: a\n',
    '3:11 text-or-expression: `prompt: a` could be a text or an expression',
  ],
  [
    'an expression that breaks off',
    'let a: (1 + 2\nlet b: 2 *\n',
    '1:8 unclosed-bracket: this `(` is never closed',
    '2:11 unexpected: I expected a value here',
  ],
  ['an unknown unit in code', 'op f: |\n  (x) =\n    2 setps\n', '3:7 unknown-unit: I do not know the unit `setps` in `2 setps`'],
  [
    'an expression in quotes of JSON',
    '{"train t": {"batch": "\\u0032 setps"}}',
    '1:31 unknown-unit: I do not know the unit `setps` in `2 setps`',
  ],
  ['a key without a name', 'train:\n  seed: 1\n', '1:1 missing-name: this `train` has no name'],
  ['a key without let', 'size: 6M\n', '1:1 missing-let: `size` is new here and needs `let` or `param` in front'],
  [
    'a field further to the right than the one above',
    'data d:\n  is: text("t.txt")\n   validation: 5%\ntrain t:\n  is: base\n    seed: 1\n  batch: 8 sequences\n',
    '3:4 yaml-syntax: this line is indented less or more than its neighbours',
    '6:5 yaml-syntax: this line is indented less or more than its neighbours',
  ],
  ['no end of brackets', '['.repeat(20_000), '1:101 nesting-too-deep: this is nested more than 100 levels deep'],
  ['too deep to read', 'let a: ' + '['.repeat(300) + ']'.repeat(300), '1:108 nesting-too-deep: this is nested more than 100 levels deep'],
]

for (const [what, text, ...expected] of wrong) {
  test(what, () => assert.deepEqual(said(text, text.startsWith('{') ? 'page.json' : undefined), expected))
}

test('every message of YAML is tried above', () => {
  const tried = new Set(wrong.flatMap(([, , ...all]) => all.map((line) => /^\S+ ([\w-]+):/.exec(line)![1])))
  for (const key of Object.keys(messages)) assert.ok(tried.has(codeOf(key)), key)
})

test('a cure offered in YAML cures', () => {
  const text = 'let a: "b"\nsample s:\n  prompt: a\n'
  const { fixes } = readYaml({ name: 'page.yaml', text }).diagnostics[0]!
  assert.equal(fixes.length, 2)
  for (const fix of fixes) assert.deepEqual(said(applied(text, fix)), [])
})

test('what the checker says better is said once, by the checker', () => {
  const text = `use smdm: smdm
data tales:
  is: text("tales.txt")
  validation: 1%
train t:
  is: smdm.pretrain
  model: smdm.preset(6M)
  data: [tales]
  budget: 40GiB
  optimizer:
    warmpu: 5%
`
  assert.ok(validateYaml(documentOf(text).root).length > 0, 'the schema sees the unknown field and the list')
  const { diagnostics } = checked(text, { parse: (s) => (s.name === 'page.yaml' ? readYaml(s) : world().parse!(s)) }, 'page.yaml')
  assert.deepEqual(
    diagnostics.map(({ code, span }) => `${positionAt(span.source, span.start).line} ${code}`),
    ['8 wrong-type', '9 wrong-unit', '11 unknown-field'],
  )
})

test('the schema on disk is fresh', () => {
  const path = join(import.meta.dirname, '..', 'compiler', 'spec', 'schema.json')
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), yamlSchema(), 'run node --import tsx scripts/generate-schema.ts')
})

test('the schema takes every example, and sees a misspelt field or kind', () => {
  for (const { name, text } of programs) {
    if (name.startsWith('std/')) continue
    assert.deepEqual(validateYaml(documentOf(writeYaml(parse({ name, text }).module)).root), [], name)
  }
  const keywords = (text: string): readonly string[] => validateYaml(documentOf(text).root).map((v) => `${v.path.join('.')} ${v.keyword}`)
  assert.deepEqual(keywords('train t:\n  bacth: 3\n'), ['train t additionalProperties'])
  assert.deepEqual(keywords('trian t:\n  batch: 3\n'), [' additionalProperties'])
  assert.deepEqual(keywords('train t:\n  optimizer:\n    betas: [1]\n').slice(0, 1), ['train t.optimizer.betas minItems'])
})
