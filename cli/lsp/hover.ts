// The word under the cursor → what there is to know of it, as Markdown.
import { dirname } from 'node:path'
import { MarkupKind, type Hover } from 'vscode-languageserver/node'
import { textOf, type SourceFile } from '../../grammar/source.ts'
import { place } from '../../compiler/check/wording.ts'
import { BUILTINS } from '../../compiler/elaborate/builtin.ts'
import { KINDS, kindOfMaker, isKind } from '../../compiler/spec/kinds.ts'
import { withoutFolder } from './diagnostics.ts'
import { fieldText } from './hover-field.ts'
import { stageText } from './hover-stage.ts'
import type { Named } from './named.ts'
import { rangeOf } from './places.ts'
import type { Project } from './project.ts'
import { siteAt, type Site } from './sites.ts'
import { wantOf } from './sites-noun.ts'

/** `folders`: of the workspace; a run keeps its results where it was started. */
export async function hover(project: Project, page: SourceFile, offset: number, folders: readonly string[]): Promise<Hover | undefined> {
  const site = siteAt(project.sites(page), offset)
  const lines = site && (await linesOf({ project, page, folders: [dirname(page.name), ...folders] }, site))
  if (site === undefined || lines === undefined || lines.length === 0) return undefined
  return { contents: { kind: MarkupKind.Markdown, value: withoutFolder(page, lines.join('\n\n')) }, range: rangeOf(site.span) }
}

/** Where a question is asked. */
interface Asked {
  readonly project: Project
  readonly page: SourceFile
  readonly folders: readonly string[]
}

function linesOf(asked: Asked, site: Site): readonly string[] | undefined | Promise<readonly string[]> {
  switch (site.is) {
    case 'field':
      return fieldText(site, asked.project.check(asked.page).pipeline)
    case 'kind':
      return kindText(site.name, isKind(site.name) ? KINDS[site.name].doc : site.custom.get(site.name)?.kind.doc)
    case 'name':
      return site.named ? namedText(asked, site.named) : wordText(site.name, site.place.type)
    case 'member':
      return site.named && namedText(asked, site.named)
    case 'dimension':
      return site.named.kind === 'dimension' ? [dimensionText(asked, site.named)] : namedText(asked, site.named)
    case 'number':
    case 'text':
      return undefined
    default:
      return site satisfies never
  }
}

function kindText(name: string, doc: string | undefined): readonly string[] | undefined {
  return doc === undefined ? undefined : [`**${name}** · ${doc}`]
}

function dimensionText({ project, page }: Asked, named: Named): string {
  const size = project.shapes(page)(named)
  return `dimension **${named.name}**${size === undefined ? '' : ` · ${size}`}`
}

/** A name: its declaration, its documentation, where it stands; of a stage also what it will do. */
async function namedText({ project, page, folders }: Asked, named: Named): Promise<readonly string[]> {
  const declaration = '```smdm\n' + outline(textOf(named.whole)) + '\n```'
  const doc = named.doc === undefined ? [] : [named.doc]
  const shape = project.shapes(page)(named)
  const home = named.at.source === page ? [] : [`*${place(named.at)}*`]
  const stage = await stageText(named, project.check(page).pipeline, folders)
  return [declaration, ...(shape === undefined ? [] : [shape]), ...doc, ...stage, ...home]
}

/** A declaration without the inside of its body, unless it is short. */
function outline(text: string): string {
  const lines = text.split('\n')
  return lines.length <= 12 ? text : [...lines.slice(0, 10), '  …', lines.at(-1)].join('\n')
}

/** A word that its place knows, or that is built into formulas. */
function wordText(name: string, type: Parameters<typeof wantOf>[0]): readonly string[] | undefined {
  const want = wantOf(type)
  const kind = want !== undefined && Object.hasOwn(KINDS[want].makers, name) ? want : kindOfMaker(name)
  const maker = kind && KINDS[kind].makers[name]
  if (maker) return [`**${name}** · ${kind}`, maker.doc, ...(maker.later ? ['*Not available yet.*'] : [])]
  if (type?.is === 'word' && type.words.includes(name)) return [`**${name}** · one of ${type.words.join(', ')}`]
  return BUILTINS.includes(name) ? [`**${name}** is built in`] : undefined
}
