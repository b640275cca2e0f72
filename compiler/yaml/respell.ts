// What is said of a YAML page, in our form → the same with the code in its advice spelled as one writes it in YAML:
// `optimizer { lr: … }` → `optimizer: { lr: … }`, `train name = base { … }` → `train name: { is: base, … }`.
// Formulas are the same in both forms; so are the bodies of ops and blocks, of which elaboration speaks.
import type { Declaration, Expr, Field, RecordExpr } from '../../grammar/ast.ts'
import { codeOf, type Diagnostic } from '../../grammar/diagnostic.ts'
import { parse, parseExpression } from '../../grammar/parse.ts'
import { messages as ofBodies } from '../elaborate/messages.ts'
import { kindOfMaker } from '../spec/kinds.ts'
import { inPage, isRespelt } from './excerpt.ts'
import { useLines } from './write.ts'
import { isPlain, plain, quoted } from './write-scalar.ts'

const bodies: ReadonlySet<string> = new Set(Object.keys(ofBodies).map(codeOf))

/** A diagnostic that points into a YAML page, with its notes respelled and without cures for letters that the page does not have. */
export function inYaml(diagnostic: Diagnostic): Diagnostic {
  const { code, notes } = diagnostic
  const span = inPage(diagnostic.span)
  const fixes = diagnostic.fixes.filter((fix) => !isRespelt(fix.span))
  if (bodies.has(code)) return { ...diagnostic, span, fixes }
  return {
    ...diagnostic,
    span,
    fixes,
    notes: notes.map((note) => note.replace(/`([^`]+)`/g, (_, text: string) => `\`${respelled(text)}\``)),
  }
}

/** Stands for `…`, which no grammar knows. */
const dots = 'and__so__on'

/** A declaration, a field or an expression of our form, on one line of YAML; whatever else it is, as it stands. */
export function respelled(text: string): string {
  if (!/[{=]|^use\b/.test(text)) return text
  const known = text.replaceAll('{ … }', `{ ${dots}: ${dots} }`).replaceAll('…', dots)
  const written = declarationIn(known) ?? amendmentIn(known) ?? fieldIn(known) ?? expressionIn(known)
  return written?.replaceAll(`${dots}: ${dots}`, '…').replaceAll(dots, '…') ?? text
}

function declarationIn(text: string): string | undefined {
  const { module, diagnostics } = parse({ name: '', text })
  const [item, more] = module.items
  return item === undefined || more !== undefined || diagnostics.length > 0 ? undefined : declaration(item)
}

function declaration(item: Declaration): string | undefined {
  switch (item.kind) {
    case 'use':
      return useLines(item, undefined)[0]
    case 'let':
    case 'param':
      return item.value && pair(`${item.kind} ${item.name.name}`, item.value)
    case 'noun':
      return item.case ? undefined : pair(`${item.noun.name} ${item.name.name}`, item.value)
    case 'op':
    case 'block':
      return undefined
    default:
      return item satisfies never
  }
}

/** `likelihood { by: chain_rule }` amends what the table of kinds knows; `optimizer { lr: 1 }`, which looks alike, is a field. */
function amendmentIn(text: string): string | undefined {
  return kindOfMaker(/^\w*/.exec(text)![0]) === undefined ? undefined : expressionIn(text)
}

function fieldIn(text: string): string | undefined {
  const { expr, diagnostics } = parseExpression({ name: '', text: `{ ${text} }` })
  const [field, more] = expr?.kind === 'record' ? expr.fields : []
  return field === undefined || more !== undefined || diagnostics.length > 0 ? undefined : fieldText(field)
}

function expressionIn(text: string): string | undefined {
  const { expr, diagnostics } = parseExpression({ name: '', text })
  return expr === undefined || diagnostics.length > 0 ? undefined : flow(expr)
}

function fieldText({ name, value, amend }: Field): string | undefined {
  const given = amend ?? value
  return given && pair(name.name, given)
}

function pair(key: string, value: Expr): string | undefined {
  const written = flow(value)
  return written && `${key}: ${written}`
}

/** An expression between YAML's brackets; undefined where a comma of ours would end it. */
function flow(e: Expr): string | undefined {
  switch (e.kind) {
    case 'record':
      return mapping([], e)
    case 'amend': {
      const base = pair('is', e.target)
      return base && mapping([base], e.record)
    }
    case 'list':
      return all(e.items.map(flow), (items) => `[${items.join(', ')}]`)
    case 'string':
      return quoted(e.value)
    default: {
      const text = plain(e)
      return text !== undefined && isPlain(text, true) ? text : undefined
    }
  }
}

function mapping(first: readonly string[], { fields }: RecordExpr): string | undefined {
  return all(fields.map(fieldText), (rest) => (first.length + rest.length === 0 ? '{}' : `{ ${[...first, ...rest].join(', ')} }`))
}

function all(parts: readonly (string | undefined)[], join: (parts: readonly string[]) => string): string | undefined {
  return parts.every((part) => part !== undefined) ? join(parts) : undefined
}
