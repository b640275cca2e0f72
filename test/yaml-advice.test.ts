// What is said of a page in YAML is advice in YAML: the code in a note means in YAML what the same note's code means on a page
// of ours, and a cure that is offered leaves a page that YAML reads. Tried on every wrong program that can go to YAML.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { parse as parseYaml } from 'yaml'
import { messages as saidInBodies } from '../compiler/elaborate/messages.ts'
import { inFormOfPage, readYaml } from '../compiler/yaml/read.ts'
import { writeYaml } from '../compiler/yaml/write.ts'
import { codeOf, type Diagnostic } from '../grammar/diagnostic.ts'
import { parse, type Parsed } from '../grammar/parse.ts'
import { applied, checked, folder } from './helpers/check.ts'
import { fixtures, found, type Fixture } from './helpers/errors.ts'
import { bare } from './helpers/grammar.ts'

/** The 27 wrong programs of the language's description, and the program of each code. */
const programs: readonly Fixture[] = [
  ...readdirSync(folder)
    .filter((name) => name.endsWith('.smdm'))
    .map((name): Fixture => ({ code: name, form: 'smdm', meaning: '', from: '', to: '', given: { lost: ['data/tinystory.txt'] }, program: readFileSync(join(folder, name), 'utf8') })), // prettier-ignore
  ...fixtures(),
]

/** Mistakes that leave the tree whole. */
const whole = new Set(['unknown-suffix', 'unknown-unit', 'twice'])

/** The program in YAML; undefined where it is not even a tree. */
function twin({ form, program }: Fixture): string | undefined {
  if (form === 'yaml') return program
  const { module, diagnostics } = parse({ name: 'page.smdm', text: program })
  return diagnostics.every(({ code }) => whole.has(code)) ? writeYaml(module) : undefined
}

const bodies = new Set(Object.keys(saidInBodies).map(codeOf))
const excerpts = (note: string): readonly string[] => Array.from(note.matchAll(/`([^`]+)`/g), ([, text]) => text!)

/** What a text can mean as a declaration, as a field of a training, and as a value. `…` is any one thing. */
function readings(text: string, contexts: readonly string[], read: (text: string) => Parsed): readonly (string | undefined)[] {
  const known = text.replace(/([{,] )…(?= \})/g, '$1d: d').replaceAll('…', 'd')
  return contexts.map((context) => {
    const { module, diagnostics } = read(context.replace('HERE', () => known))
    return diagnostics.length > 0 || module.items.length === 0 ? undefined : JSON.stringify(bare(module.items))
  })
}
const inSmdm = (text: string): readonly (string | undefined)[] =>
  readings(text, ['HERE', 'train t { HERE }', 'let x = HERE'], (page) => parse({ name: 'page.smdm', text: page }))
const inYaml = (text: string): readonly (string | undefined)[] =>
  readings(text, ['HERE', 'train t:\n  HERE', 'let x: HERE'], (page) => readYaml({ name: 'page.yaml', text: page }))

test('the code in every note means the same in either form', () => {
  const changed = new Set<string>()
  let [tried, converted] = [0, 0]
  for (const program of programs) {
    const text = twin(program)
    if (text === undefined || program.form === 'yaml') continue
    converted++
    const ours = found(program, program.program)
    for (const d of found({ ...program, form: 'yaml' }, text).filter(({ code }) => !bodies.has(code))) {
      const same = ours.find(({ code, notes }) => code === d.code && notes.length === d.notes.length)
      assert.ok(same, `${program.code}: ${d.message}`)
      same.notes.forEach((note, i) => {
        const theirs = excerpts(d.notes[i]!)
        for (const [j, code] of excerpts(note).entries()) {
          const [before, after] = [inSmdm(code), inYaml(theirs[j]!)]
          if (!/[{=]|^use /.test(code) || before.every((reading) => reading === undefined)) assert.equal(theirs[j], code)
          else assert.ok(before.some((reading, k) => reading !== undefined && reading === after[k]), `${d.code}: ${code} → ${theirs[j]}`) // prettier-ignore
          if (theirs[j] !== code) changed.add(theirs[j]!)
          tried++
        }
      })
    }
  }
  assert.ok(converted > 100 && tried > 100, `${converted} programs, ${tried} excerpts`)
  for (const text of [
    'optimizer: { lr: … }',
    'model: { is: …, context: 64 }',
    'train t: { is: smdm.pretrain, … }',
    'use other: "other.smdm"',
  ])
    assert.ok(changed.has(text), `${text} is among ${[...changed].join('\n')}`)
})

test('of the 27 wrong programs, 25 go to YAML and are as wrong there', () => {
  const wrong = programs.filter(({ code }) => code.endsWith('.smdm'))
  const twins = wrong.flatMap((program) => {
    const text = twin(program)
    return text === undefined ? [] : [{ program, text }]
  })
  assert.deepEqual([wrong.length, twins.length], [27, 25])
  const words = (d: readonly Diagnostic[]): readonly string[] => d.map(({ code, message }) => `${code}: ${message}`).sort()
  for (const { program, text } of twins) {
    const there = inFormOfPage(checked(text, {}, 'page.yaml').diagnostics)
    assert.deepEqual(words(there), words(checked(program.program).diagnostics), program.code)
  }
})

test('a cure that is offered leaves a page of YAML or JSON without what it cures', () => {
  let tried = 0
  for (const program of programs) {
    const yaml = twin(program)
    if (yaml === undefined) continue
    const json =
      program.form === 'yaml'
        ? []
        : [['json', JSON.stringify(parseYaml(yaml, { schema: 'failsafe', uniqueKeys: false }), null, 2)] as const]
    for (const [form, text] of [['yaml', yaml] as const, ...json]) {
      const say = (page: string): readonly Diagnostic[] => found({ ...program, form }, page)
      for (const { code, message, fixes } of say(text)) {
        for (const fix of fixes) {
          const cured = say(applied(text, fix))
          assert.ok(!cured.some((d) => (d.code === code && d.message === message) || d.code === 'yaml-syntax'), `${code} in ${form}: ${fix.title}`) // prettier-ignore
          tried++
        }
      }
    }
  }
  assert.ok(tried > 30, `${tried} cures`)
})
