// The table of kinds → docs/reference.md: every kind with its makers and fields, what they take, their defaults and meaning.
import { takes } from '../check/wording.ts'
import { article } from '../check/value.ts'
import { KINDS, type FieldSpec, type Fields, type KindSpec } from '../spec/kinds.ts'

/** The whole page, in Markdown. */
export function referenceText(): string {
  const kinds = Object.entries(KINDS).filter(([name]) => name !== 'custom')
  const sections = kinds.map(([name, kind]) => kindText(name, kind))
  return [HEAD, ...sections].join('\n')
}

const HEAD = `# Kinds and fields

Everything a record may hold. This page is generated from the table that the checker reads. Fields marked *free* do not change results
and do not enter a stage's key; those marked *later* are checked and planned, and running them says that it is not available yet.
`

function kindText(name: string, { doc, stage, fields, makers }: KindSpec): string {
  const own = name === 'model' ? ['The params of its block are its fields.\n'] : Object.keys(fields).length === 0 ? [] : [tableOf(fields)]
  const made = Object.entries(makers).map(([maker, m]) => {
    const shown = m.argument === undefined ? maker : `${maker}("…")`
    const rest = Object.fromEntries(Object.entries(m.fields).filter(([field]) => field !== m.argument))
    const table = Object.keys(rest).length === 0 ? '' : `\n${tableOf(rest)}`
    return `### \`${shown}\`\n\n${m.doc}${m.later ? ' *Later.*' : ''}\n${table}`
  })
  const what = stage ? 'A stage.' : ''
  return [`## ${name}\n`, `${[doc, what].filter(Boolean).join(' ')}\n`, ...own, ...made].join('\n')
}

function tableOf(fields: Fields): string {
  const rows = Object.entries(fields).map(([name, spec]) => `| \`${name}\` | ${takenBy(spec)} | ${givenBy(spec)} | ${meaningOf(spec)} |`)
  return ['| field | takes | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}

function takenBy({ type }: FieldSpec): string {
  return cell(
    type.is === 'op' ? `${article('op')} with ${type.formals.length} ${type.formals.length === 1 ? 'argument' : 'arguments'}` : takes(type),
  )
}

function givenBy({ default: given, required }: FieldSpec): string {
  return given === undefined ? (required ? 'must be given' : '') : cell(`\`${given}\``)
}

function meaningOf({ doc, free, later, type }: FieldSpec): string {
  const words = type.is === 'word' && type.later !== undefined ? ` *Later: ${type.later.join(', ')}.*` : ''
  const all = later === true ? ' *Later.*' : later === undefined ? '' : ` *Later, but for ${later}.*`
  return cell(`${doc}${free ? ' *Free.*' : ''}${words}${all}`)
}

const cell = (text: string): string => text.replaceAll('|', '\\|')
