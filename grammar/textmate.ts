// The tokens of the language → a TextMate grammar: colours for editors and for pages that show code. It knows lines and no tree,
// so it guesses from what stands around a name: a word before a name at the start of a line is a kind, one before `:` a field.
// The patterns of numbers, names and reserved words are those of the lexer.
import { Name, Num } from './tokens.ts'
import { reserved, suffixes, type Reserved } from './words.ts'

export interface Rule {
  readonly name?: string
  readonly match?: string
  readonly begin?: string
  readonly end?: string
  readonly captures?: Readonly<Record<string, Rule>>
  readonly beginCaptures?: Readonly<Record<string, Rule>>
  readonly endCaptures?: Readonly<Record<string, Rule>>
  readonly contentName?: string
  readonly include?: string
  readonly patterns?: readonly Rule[]
}

export interface TextmateGrammar {
  readonly name: string
  readonly scopeName: string
  readonly fileTypes: readonly string[]
  readonly patterns: readonly Rule[]
  readonly repository: Readonly<Record<string, Rule>>
}

/** What each reserved word is; a new one does not compile without an entry. */
const WORDS: Readonly<Record<Reserved, string>> = {
  use: 'keyword.control.import',
  as: 'keyword.control.import',
  let: 'storage.type',
  param: 'storage.type',
  op: 'storage.type',
  block: 'storage.type',
  weight: 'storage.type',
  grad: 'storage.type',
  repeat: 'keyword.control',
  return: 'keyword.control',
  if: 'keyword.control',
  then: 'keyword.control',
  else: 'keyword.control',
  wgsl: 'keyword.control',
  and: 'keyword.operator.word',
  or: 'keyword.operator.word',
  not: 'keyword.operator.word',
  mod: 'keyword.operator.word',
  true: 'constant.language',
  false: 'constant.language',
}

/** The pattern of a token. Editors read patterns with Oniguruma, where a `[` inside a class needs its backslash. */
function source({ PATTERN }: typeof Name): string {
  const text = PATTERN instanceof RegExp ? PATTERN.source : ''
  return text.replace(/\[(?:\\.|[^\]\\])*\]/g, (set) => `[${set.slice(1).replace(/(?<!\\)\[/g, '\\[')}`)
}
const NAME = source(Name)
const WORD = `(?!(?:${reserved.join('|')})\\b)${NAME}`
const scoped = (name: string): string => `${name}.smdm`
const rule = (name: string, match: string): Rule => ({ name: scoped(name), match })
const included = (...names: readonly string[]): readonly Rule[] => names.map((name) => ({ include: `#${name}` }))

const words: readonly Rule[] = [...new Set(Object.values(WORDS))].map((scope) =>
  rule(scope, `\\b(?:${reserved.filter((w) => WORDS[w] === scope).join('|')})\\b(?!['\\w])`),
)

const REPOSITORY: Readonly<Record<string, Rule>> = {
  comment: {
    patterns: [rule('comment.line.documentation', '##.*$'), rule('comment.line.number-sign', '#.*$')],
  },
  // Of a WGSL body the editor's own grammar is asked, if it has one. A rule of which nothing is known would be dropped whole.
  wgsl: {
    begin: '\\b(wgsl)\\s*(""")',
    end: '"""',
    beginCaptures: { 1: { name: scoped('keyword.control') }, 2: { name: scoped('punctuation.definition.string.begin') } },
    endCaptures: { 0: { name: scoped('punctuation.definition.string.end') } },
    contentName: 'meta.embedded.block.wgsl',
    patterns: [rule('comment.line.double-slash', '//.*$'), { include: 'source.wgsl' }],
  },
  text: {
    patterns: [
      { name: scoped('string.quoted.triple'), begin: '"""', end: '"""', patterns: included('inside') },
      { name: scoped('string.quoted.double'), begin: '"', end: '"|$', patterns: included('inside') },
    ],
  },
  inside: {
    patterns: [
      rule('constant.character.escape', '\\\\(?:u\\{[0-9A-Fa-f]+\\}|.)|\\{\\{|\\}\\}'),
      rule('variable.other.template', '\\{[^{}"]*\\}'),
    ],
  },
  number: {
    match: source(Num),
    captures: {
      0: {
        name: scoped('constant.numeric'),
        patterns: [
          rule('keyword.other.unit', ' [A-Za-z_]\\w*$'),
          rule('keyword.other.unit', `(?<=\\d)(?:${[...suffixes].sort((a, b) => b.length - a.length).join('|')})(?= |$)`),
        ],
      },
    },
  },
  declaration: {
    patterns: [
      {
        match: `\\b(op|block)\\s+(${NAME})`,
        captures: { 1: { name: scoped('storage.type') }, 2: { name: scoped('entity.name.function') } },
      },
      {
        match: `\\b(let|param|weight)\\s+(${WORD})`,
        captures: { 1: { name: scoped('storage.type') }, 2: { name: scoped('variable.other.constant') } },
      },
      {
        match: `^(${WORD})\\s+(${WORD})(?=\\s*[({=])`,
        captures: { 1: { name: scoped('storage.type.kind') }, 2: { name: scoped('entity.name.type') } },
      },
    ],
  },
  // A field may be called like a reserved word.
  field: { patterns: [rule('variable.other.property', `\\b${NAME}(?=\\s*:)`)] },
  word: { patterns: words },
  call: { patterns: [rule('entity.name.function', `\\b${WORD}(?=\\s*\\()`)] },
  dimension: {
    begin: "(?<=[\\w'\\])])\\[|(?<=[:>]\\s)\\[",
    end: '\\]',
    patterns: [rule('variable.parameter.dimension', `\\b${WORD}(?=\\s*[,:\\]])`), ...included('expression')],
  },
  expression: { patterns: included('comment', 'wgsl', 'text', 'number', 'word', 'dimension', 'call', 'operator') },
  operator: { patterns: [rule('keyword.operator', '->|[=!<>]=|[-+*/^<>=~]')] },
}

/** The grammar as TextMate, VS Code and GitHub read it. */
export function textmateGrammar(): TextmateGrammar {
  const patterns = included('comment', 'declaration', 'field', 'expression')
  return { name: 'smdm', scopeName: 'source.smdm', fileTypes: ['smdm'], patterns, repository: REPOSITORY }
}
