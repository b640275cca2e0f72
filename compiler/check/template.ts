// Templates of prompts: `{{` and `}}` are braces; `{12 tokens}` is a hole and `{column}` a column of the data.
import type { Span } from '../../grammar/source.ts'
import type { Build } from './build.ts'

/** A template without holes as plain text; undefined where a hole or an open brace has been reported. */
export function plainTemplate(b: Build, template: string, at: Span): string | undefined {
  let out = ''
  for (const [piece] of template.matchAll(/\{\{|\}\}|\{[^{}]*\}?|\}|[^{}]+/g)) {
    if (piece === '{{' || piece === '}}') out += piece[0]!
    else if (piece.startsWith('{') && piece.endsWith('}')) {
      b.s.say.notAvailable(at, { what: `the hole \`${piece}\` in a prompt`, advice: 'a brace itself is written `{{`' })
      return undefined
    } else if (piece.startsWith('{') || piece === '}') {
      b.s.say.openBrace(at, { brace: piece[0]! })
      return undefined
    } else out += piece
  }
  return out
}
