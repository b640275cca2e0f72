// Fields that a record may still get, required ones first, each with its unit or its default ready to be written over.
import { CompletionItemKind, InsertTextFormat, type CompletionItem } from 'vscode-languageserver/node'
import { takes } from '../../compiler/check/wording.ts'
import { fieldsOfRecord } from '../../compiler/check/record.ts'
import type { FieldSpec } from '../../compiler/spec/kinds.ts'
import { CALLED, type Dimension } from '../../compiler/spec/units.ts'
import { stand } from './cursor.ts'
import type { FieldSite } from './sites.ts'

export function fieldItems({ rec, record }: FieldSite, snippets: boolean, behind: string): readonly CompletionItem[] {
  const given = record.fields.map((f) => f.name.name).filter((name) => name !== stand)
  const fields = Object.entries(fieldsOfRecord(rec)).filter(([name]) => !given.includes(name) && !(rec.of === 'model' && name === 'vocab'))
  const hasValue = /^\s*[:{"]/.test(behind)
  return fields.map(([name, spec]) => ({
    label: name,
    kind: CompletionItemKind.Field,
    detail: takes(spec.type),
    documentation: [spec.doc, spec.default && `Default: ${spec.default}`, spec.later === true && 'Not available yet.']
      .filter(Boolean)
      .join('\n'),
    sortText: `${spec.required && !rec.fields.has(name) ? 0 : spec.later === true ? 2 : 1}${name}`,
    insertText: hasValue ? name : snippets ? `${name}: ${valueSnippet(spec)}` : `${name}: `,
    insertTextFormat: snippets && !hasValue ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
  }))
}

function valueSnippet({ type, default: given }: FieldSpec): string {
  if (given !== undefined) return `\${1:${given.replace(/[\\$}]/g, '\\$&')}}`
  switch (type.is) {
    case 'quantity': {
      const words = type.units.filter((u) => u !== 'none' && u !== 'fraction' && u !== 'time' && !type.later?.includes(u))
      if (words.length === 0) return type.units.includes('fraction') ? '${1}%' : '${1}'
      return words.length === 1 ? `\${1} ${called(words[0]!)}` : `\${1} \${2|${words.map(called).join(',')}|}`
    }
    case 'text':
      return '"${1}"'
    case 'list':
      return type.one ? '${1}' : '[${1}]'
    case 'axes':
      return '{ ${1:size}: [${2}] }'
    case 'truth':
      return '${1|true,false|}'
    case 'word':
      return `\${1|${type.words.filter((w) => !type.later?.includes(w)).join(',')}|}`
    case 'op':
    case 'code':
    case 'record':
    case 'stage':
    case 'either':
    case 'run':
      return '${1}'
    default:
      return type satisfies never
  }
}

const called = (dimension: Dimension): string => CALLED[dimension]
