// The fixtures of test/diagnostics/codes, one a diagnostic, and the page of the manual that is made of them. A fixture is a wrong
// program under a head of comments:
//   # what the diagnostic means
//   # instead of: TEXT of the program       # write: TEXT that cures it       (\n is a new line)
//   # cure: a sentence, where that text says too little
//   # given: JSON                           what else the program needs to go wrong: a Given
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FoundPlugin } from '../../compiler/check/check.ts'
import { messages as said } from '../../compiler/check/messages.ts'
import { messages as saidInBodies } from '../../compiler/elaborate/messages.ts'
import type { FoundFile } from '../../compiler/facts.ts'
import type { Fields, StageKind } from '../../compiler/spec/plugin.ts'
import { codeOf, type Diagnostic } from '../../grammar/diagnostic.ts'
import { render } from '../../grammar/frame.ts'
import { messages as saidOfText } from '../../grammar/messages.ts'
import { inFormOfPage } from '../../compiler/yaml/read.ts'
import { messages as saidOfYaml } from '../../compiler/yaml/messages.ts'
import { checked, folder } from './check.ts'

export interface Fixture {
  readonly code: string
  /** The form that the page is written in. */
  readonly form: 'smdm' | 'yaml' | 'json'
  readonly meaning: string
  readonly from: string
  readonly to: string
  /** A sentence instead of the change. */
  readonly cure?: string
  readonly given: Given
  readonly program: string
}

/** Other files, `--set`, `--memory` in bytes, the size of the data, files that are not there, what others hold, plugins, and broken WGSL. */
interface Given {
  readonly used?: Readonly<Record<string, string>>
  readonly set?: Readonly<Record<string, string>>
  readonly memory?: number
  readonly bytes?: number
  readonly lost?: readonly string[]
  readonly facts?: Readonly<Record<string, Partial<FoundFile>>>
  readonly plugins?: Readonly<Record<string, GivenPlugin>>
  /** What the compiler of WGSL says of the bodies that hold a text. */
  readonly wgsl?: Readonly<Record<string, string>>
}

/** A plugin with one kind, which objects to one value of a field. */
interface GivenPlugin {
  readonly word: string
  readonly fields: Fields
  readonly refuses?: { readonly field: string; readonly value: number; readonly message: string; readonly notes: readonly string[] }
}

/** Every code that grammar and compiler can report. */
export const codes: readonly string[] = [saidOfText, saidOfYaml, said, saidInBodies].flatMap((c) => Object.keys(c).map(codeOf)).sort()

export function fixtures(): readonly Fixture[] {
  const names = readdirSync(join(folder, 'codes')).filter((f) => /\.(smdm|yaml)$/.test(f))
  const all = names.map((name): Fixture => {
    const text = readFileSync(join(folder, 'codes', name), 'utf8')
    const split = text.indexOf('\n\n')
    const head = text.slice(0, split).split('\n')
    const line = (mark: string): string | undefined =>
      head
        .find((l) => l.startsWith(mark))
        ?.slice(mark.length)
        .replace(/\\(n|\\)/g, (_, c) => (c === 'n' ? '\n' : '\\'))
    return {
      code: name.replace(/\.\w+$/, ''),
      form: name.endsWith('.yaml') ? 'yaml' : 'smdm',
      meaning: head[0]!.slice(2),
      from: line('# instead of: ') ?? '',
      to: line('# write: ') ?? '',
      cure: line('# cure: '),
      given: JSON.parse(line('# given: ') ?? '{}') as Given,
      program: text.slice(split + 2),
    }
  })
  return all.sort((a, b) => (a.code < b.code ? -1 : 1))
}

/** What is said of a program in the world of a fixture. */
export function found({ given, form }: Fixture, program: string): readonly Diagnostic[] {
  const { used = {}, set = {}, memory, bytes = 1e7, lost = [], facts = {}, plugins = {}, wgsl = {} } = given
  const files = (path: string) =>
    lost.includes(path)
      ? ({ path, found: false, reason: 'missing', near: 'tales.txt' } as const)
      : ({ path, found: true, bytes, sha256: '0'.repeat(64), ...facts[path] } as const)
  const plugin = (name: string) => pluginOf(plugins[name])
  const native = ({ code }: { readonly code: string }) => {
    const [text, message] = Object.entries(wgsl).find(([part]) => code.includes(part)) ?? []
    return text === undefined ? undefined : { message: message!, start: code.indexOf(text), end: code.indexOf(text) + text.length }
  }
  return inFormOfPage(checked(program, { used, set, memory, files, plugin, native }, `page.${form}`).diagnostics)
}

function pluginOf(given: GivenPlugin | undefined): FoundPlugin | { readonly problem: string } {
  if (!given) return { problem: 'there is no such file or package' }
  const { word, fields, refuses } = given
  const kind: StageKind = {
    doc: '',
    fields,
    check: (values) => (refuses && values[refuses.field] === refuses.value ? [refuses] : []),
    run: async function* () {
      yield { done: 1, total: 1 }
      return []
    },
  }
  return { plugin: { kinds: { [word]: kind } }, sha256: '1'.repeat(64) }
}

/** docs/errors.md. */
export function errorsPage(all: readonly Fixture[]): string {
  return `# Diagnostics

Every error and warning that \`smdmc check\` can give, with a program that causes it and a change that cures it.
\`smdmc help CODE\` prints one of these sections. This page is generated; each program and each cure is tested.

${all.map(section).join('\n')}`
}

function section(fixture: Fixture): string {
  const { code, form, meaning, given, program } = fixture
  const message = found(fixture, program).find((d) => d.code === code)
  const parts = [`## ${code}`, meaning, fenced(form, short(program)), ...givenText(given)]
  return [...parts, fenced('text', message ? short(render(message)) : ''), `Cure: ${cureText(fixture)}`].join('\n\n') + '\n'
}

/** Programs that are wrong because they are long are shown by their beginning and end. */
function short(text: string): string {
  return text.replace(/^.{160,}$/gm, (line) => `${line.slice(0, 60)} … ${line.slice(-20)}`)
}

function fenced(language: string, text: string): string {
  return '```' + language + '\n' + text.trimEnd() + '\n```'
}

function givenText({ used = {}, set = {}, memory, bytes, lost = [], facts = {}, plugins = {} }: Given): readonly string[] {
  return [
    ...Object.entries(used).map(([name, text]) => (text === '' ? `with a file \`${name}\`` : `where \`${name}\` says \`${text}\``)),
    ...Object.entries(set).map(([name, text]) => `run with \`--set ${name}=${text}\``),
    ...(memory === undefined ? [] : [`run with \`--memory ${memory / 2 ** 30}GiB\``]),
    ...(bytes === undefined ? [] : [`where the data has ${bytes} bytes`]),
    ...lost.map((path) => `where there is no \`${path}\``),
    ...Object.entries(facts).flatMap(([path, { columns, unfit }]) => [
      ...(columns === undefined ? [] : [`where \`${path}\` has the columns ${columns.join(', ')}`]),
      ...(unfit === undefined ? [] : [`where \`${path}\` is something else`]),
    ]),
    ...Object.entries(plugins).map(([name, { word }]) => `where \`${name}\` brings the kind \`${word}\``),
  ].map((text) => `(${text})`)
}

function cureText({ from, to, program, cure, form }: Fixture): string {
  if (cure !== undefined) return cure
  const lines = (text: string): boolean => text.includes('\n')
  if (to === '') return lines(from) ? `leave this out:\n\n${fenced(form, from)}` : `leave out \`${from.trim()}\`.`
  if (lines(from) || lines(to)) return `write\n\n${fenced(form, around(program, from, to))}`
  return `write \`${to.trim()}\` instead of \`${from.trim()}\`.`
}

/** The changed lines, whole. */
function around(program: string, from: string, to: string): string {
  const at = program.indexOf(from)
  const start = program.lastIndexOf('\n', at) + 1
  const rest = program.slice(at + from.length)
  const end = from.endsWith('\n') ? 0 : Math.max(0, rest.indexOf('\n'))
  return program.slice(start, at) + to + rest.slice(0, end)
}
