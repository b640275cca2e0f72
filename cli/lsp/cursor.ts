// A half-written page and a place in it → the site that a word would have there. A stand-in is put where the word is being
// written, in each form that a word may begin there, and the form that leaves the fewest mistakes is taken; the first that adds none is.
import { isYaml } from '../../compiler/yaml/form.ts'
import type { SourceFile } from '../../grammar/source.ts'
import { envOf, sitesOf } from './project.ts'
import type { Site } from './sites.ts'
import type { Sources } from './sources.ts'

/** The stand-in. */
export const stand = 'written__here'

/** An expression, a field, a declaration, a statement of a body. */
const FORMS = [stand, `${stand}: ${stand}`, `${stand} ${stand} { }`, `${stand} = ${stand}`] as const

/** In YAML a word at the start of a line begins a declaration, one that is first on its line a field; a key of JSON is quoted. */
function formsAt(name: string, text: string, start: number): readonly string[] {
  if (!isYaml(name)) return FORMS
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  const [value, field] = FORMS
  if (line === '') return [`${stand} ${stand}: {}`, value]
  if (line.endsWith('"')) return [value, `${stand}": "${stand}`]
  return /^[\s-]*$/.test(line) ? [field, value, FORMS[3]] : [value, field]
}

/** The site of a word that is written from `start` to `end`. */
export function siteOfWord(sources: Sources, { name, text }: SourceFile, start: number, end: number): Site | undefined {
  const mistakesIn = (source: SourceFile): number => sources.parse(source).diagnostics.length
  const without = mistakesIn({ name, text: text.slice(0, start) + text.slice(end) })
  let best: { readonly site: Site; readonly mistakes: number } | undefined
  for (const form of formsAt(name, text, start)) {
    const source = { name, text: text.slice(0, start) + form + text.slice(end) }
    const mistakes = mistakesIn(source)
    if (best !== undefined && best.mistakes <= mistakes) continue
    const site = sitesOf(envOf(source, sources)).find(
      (s) => s.span.start === start && 'name' in s && s.name === stand && s.span.source === source,
    )
    if (site === undefined) continue
    best = { site, mistakes }
    if (mistakes <= without) break
  }
  return best?.site
}

/** The word around an offset, primes included. */
export function wordAround(text: string, offset: number): { readonly start: number; readonly end: number } {
  const before = /[A-Za-z_][\w']*$/.exec(text.slice(0, offset))?.[0] ?? ''
  const after = /^[\w']*/.exec(text.slice(offset))?.[0] ?? ''
  return { start: offset - before.length, end: offset + (before === '' ? 0 : after.length) }
}

/** The number that ends at a blank and perhaps a begun unit before an offset: `2000 st`. */
export function numberBefore(text: string, offset: number): { readonly start: number; readonly unit: number } | undefined {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  const [, lead, number] = /^(.*?[^\w.'])?(\d[\w.]*) [A-Za-z]*$/.exec(line) ?? []
  if (number === undefined) return undefined
  const start = offset - line.length + (lead?.length ?? 0)
  return { start, unit: start + number.length + 1 }
}

/** Whether an offset stands in a comment. */
export function inComment(text: string, offset: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  return line.replace(/"(?:[^"\\]|\\.)*"?/g, '').includes('#')
}
