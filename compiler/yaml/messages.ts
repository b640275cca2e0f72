// All that reading YAML can say to the user, in English. Everything the two forms share is said by the grammar and the checker.
import type { Catalogue } from '../../grammar/diagnostic.ts'
import type { Span } from '../../grammar/source.ts'
import { listOf } from '../../grammar/suggest.ts'

/** YAML's own complaints in our words. */
const syntax: Readonly<Record<string, readonly [message: string, note?: string]>> = {
  BAD_INDENT: ['this line is indented less or more than its neighbours', 'fields of one record begin in one column'],
  TAB_AS_INDENT: ['YAML is indented with blanks, never with tabs'],
  MISSING_CHAR: ['YAML expects another mark here', 'a key is followed by a colon and a blank, a list by its `]`'],
  BLOCK_AS_IMPLICIT_KEY: ['a second `: ` on one line', 'what is amended and its fields go on lines of their own: `is: base`, then `field: value`; a text goes in quotes'],
  MULTILINE_IMPLICIT_KEY: ['this key goes over several lines', 'a key stands on one line and ends with a colon'],
  UNEXPECTED_TOKEN: ['YAML cannot read this here'],
  BAD_SCALAR_START: ['a value cannot begin with this mark', 'put it in parentheses, or in quotes if it is a text'],
  BAD_DQ_ESCAPE: ['I do not know this escape', 'a backslash is written twice'],
  MISSING_QUOTE: ['this text is never closed', 'end it with the quote it began with'],
  BAD_ALIAS: ['`*` begins a YAML alias, and this one names nothing'],
} // prettier-ignore

export const messages = {
  yamlSyntax: ({ yaml, text }: { yaml: string; text: string }) => {
    const open = /closing.*quote/.test(text) ? 'MISSING_QUOTE' : yaml
    const [message, note] = syntax[open] ?? [`this is no YAML: ${text.charAt(0).toLowerCase()}${text.slice(1)}`]
    return { message, notes: [note] }
  },
  secondDocument: () => ({ message: 'a second YAML document begins here', notes: ['a page is one document: leave the `---` out'] }),
  wrongShape: ({ key, takes, found }: { key: string; takes: readonly string[]; found: string }) => ({
    message:
      key === ''
        ? `a page is a mapping of declarations, but this is ${found}`
        : `\`${key}\` takes ${listOf(takes, 'or')}, but this is ${found}`,
    notes: [
      key === '' ? 'begin with a key such as `train mdm:`' : undefined,
      /^(op|block)\b/.test(key) ? `write \`${key}: |\` and the code after the name on the lines below` : undefined,
    ],
  }),
  notAKey: () => ({ message: 'a key is a text on one line', notes: ['write a declaration such as `train mdm:`, or the name of a field'] }),
  notAField: ({ text }: { text: string }) => ({
    message: text === '<<' ? 'YAML’s merge key is not used here' : `\`${text}\` cannot be the name of a field`,
    notes: [text === '<<' ? 'name what is amended in the first field: `is: base`' : 'a name is made of letters, digits and `_`'],
  }),
  oneEach: ({ key }: { key: string }) => ({
    message: `\`${key}\` holds more than one declaration`,
    notes: ['each has a key of its own'],
  }),
  useForm: () => ({
    message: 'this `use` has its words in the wrong places',
    notes: ['write `use smdm: smdm`, or `use paper: "other.smdm"`'],
  }),
  noAlias: ({ name }: { name: string }) => ({
    message: `the YAML alias \`*${name}\` is not used here`,
    notes: ['give the value a name with `let NAME:` and mention the name'],
  }),
  noTag: ({ tag }: { tag: string }) => ({ message: `the YAML tag \`${tag}\` means nothing here`, notes: ['leave it out'] }),
  literalBase: () => ({ message: 'a record without a name cannot be amended', notes: ['write all fields in one record'] }),
  commaInFlow: () => ({
    message: 'between YAML’s brackets this value ends at its comma',
    notes: ['write the record or the list on several lines, without brackets of YAML'],
  }),
  textOrExpression: ({ key, text, span }: { key: string; text: string; span: Span }) => ({
    message: `\`${key}: ${text}\` could be a text or an expression`,
    notes: [`write \`(${text})\` for its value, or quotes around it for these very letters`],
    fixes: [
      { title: `write \`(${text})\``, span, text: `(${text})` },
      { title: 'put it in quotes', span, text: JSON.stringify(text) },
    ],
  }),
} satisfies Catalogue
