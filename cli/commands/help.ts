// smdmc help CODE: what a diagnostic means, a program that causes it, and the cure: its section of docs/errors.md.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nearest } from '../../grammar/suggest.ts'
import { home } from '../home.ts'
import { exits, WrongUse, type Exit } from '../exit.ts'

/** Prints the section of a code. Fails where there is none of this name. */
export function helpCommand(code: string): Exit {
  const sections = sectionsOf(readFileSync(join(home, 'docs', 'errors.md'), 'utf8'))
  const section = sections.get(code)
  if (section === undefined) {
    const near = nearest(code, sections.keys())
    throw new WrongUse({
      code: 'unknown-code',
      message: `${code} is no command and no diagnostic`,
      advice: [near === undefined ? 'a diagnostic shows its code in brackets: error[unit-required]' : `did you mean ${near}?`],
    })
  }
  process.stdout.write(`${code}\n\n${plain(section)}\n`)
  return exits.ok
}

/** The text under each heading. */
function sectionsOf(page: string): ReadonlyMap<string, string> {
  const parts = page.split(/^## /m).slice(1)
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n')).trim()]))
}

/** Markdown for a terminal: what stood between fences is indented. */
function plain(markdown: string): string {
  return markdown.replace(/```\w+\n([^]*?)\n```/g, (_, text: string) => text.replace(/^(?=.)/gm, '  '))
}
