// Documentation → the programs it shows. The `smdm` blocks of a section, in order, are one page. A block marked `smdm error`
// is wrong on purpose: with what stands before it in the section, it gives the message in the `text` block behind it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Shown {
  readonly section: string
  readonly language: 'smdm' | 'yaml'
  readonly text: string
  /** The message, for a program that is wrong on purpose. */
  readonly error?: string
}

/** The programs of a page in docs/, or of the README: one for each section, and one for each that is wrong on purpose. */
export function programsIn(file: string): readonly Shown[] {
  const text = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8')
  return sectionsOf(text).flatMap(({ heading, blocks }) => {
    const section = `${file}, ${heading}`
    const right: string[] = []
    const shown: Shown[] = []
    for (const [i, { info, body }] of blocks.entries()) {
      if (info === 'smdm') right.push(body)
      if (info === 'smdm error') shown.push({ section, language: 'smdm', text: [...right, body].join(''), error: blocks[i + 1]!.body })
      if (info === 'yaml') shown.push({ section, language: 'yaml', text: body })
    }
    return right.length === 0 ? shown : [...shown, { section, language: 'smdm', text: right.join('') }]
  })
}

interface Section {
  readonly heading: string
  readonly blocks: { readonly info: string; readonly body: string }[]
}

function sectionsOf(markdown: string): readonly Section[] {
  const sections: Section[] = [{ heading: '', blocks: [] }]
  for (const [, heading, info = '', body = ''] of markdown.matchAll(/^## (.*)$|^```(.*)\n([^]*?)^```$/gm)) {
    if (heading !== undefined) sections.push({ heading, blocks: [] })
    else sections.at(-1)!.blocks.push({ info, body })
  }
  return sections
}
