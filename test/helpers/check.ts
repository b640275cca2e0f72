// Checks pages against the library on disk and a made-up world of data files.
import { join } from 'node:path'
import { librarySources, preludeSources } from '../../cli/library.ts'
import { check, type Checked, type World } from '../../compiler/check/check.ts'
import type { EvalStage, Pipeline, SampleStage, Stage, TrainStage } from '../../compiler/check/pipeline.ts'
import { parsePage } from '../../compiler/yaml/read.ts'
import type { Diagnostic, Fix } from '../../grammar/diagnostic.ts'
import { render } from '../../grammar/frame.ts'
import { parse } from '../../grammar/parse.ts'

export const folder = join(import.meta.dirname, '..', 'diagnostics')

const std = preludeSources()
const smdm = librarySources('smdm')!
const parsed = new Map([...std, ...smdm].map((source) => [source, parse(source)]))

/** A world in which every data file is there with ten million bytes, but for `data/tinystory.txt` and those in `lost`. */
export function world(more: Partial<World> & { readonly used?: Readonly<Record<string, string>> } = {}): World {
  const { used = {}, ...rest } = more
  return {
    prelude: std,
    parse: (source) => parsed.get(source) ?? parsePage(source),
    set: {},
    read: (path) => (path === 'smdm' ? smdm : Object.hasOwn(used, path) ? { name: path, text: used[path]! } : { problem: 'missing' }),
    files: (path) =>
      path === 'data/tinystory.txt'
        ? { path, found: false, reason: 'missing', near: 'data/tinystories.txt' }
        : { path, found: true, bytes: 1e7, sha256: Buffer.from(path).toString('hex').padEnd(64, '0').slice(0, 64) },
    ...rest,
  }
}

export function checked(text: string, more: Parameters<typeof world>[0] = {}, name = 'page.smdm'): Checked {
  return check({ name, text }, world(more))
}

/** The pipeline of a page that must be right. */
export function pipelineOf(text: string, more: Parameters<typeof world>[0] = {}): Pipeline {
  const { pipeline, diagnostics } = checked(text, more)
  if (!pipeline) throw new Error(shown(diagnostics))
  return pipeline
}

export function stageOf(text: string, name: string, more: Parameters<typeof world>[0] = {}): Stage {
  const stage = pipelineOf(text, more).stages.find((s) => s.name === name)
  if (!stage) throw new Error(`there is no ${name}`)
  return stage
}

export function trainOf(text: string, name = 't', more: Parameters<typeof world>[0] = {}): TrainStage {
  return kept(stageOf(text, name, more), 'train')
}

export function sampleOf(text: string, name = 's', more: Parameters<typeof world>[0] = {}): SampleStage {
  return kept(stageOf(text, name, more), 'sample')
}

export function evalOf(text: string, name = 'e', more: Parameters<typeof world>[0] = {}): EvalStage {
  return kept(stageOf(text, name, more), 'eval')
}

function kept<K extends Stage['kind']>(stage: Stage, kind: K): Extract<Stage, { readonly kind: K }> {
  if (stage.kind !== kind) throw new Error(`${stage.name} is a ${stage.kind}`)
  return stage as Extract<Stage, { readonly kind: K }>
}

/** All diagnostics as a terminal shows them. */
export function shown(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map((d) => render(d) + '\n').join('\n')
}

export function codesOf(text: string, more: Parameters<typeof world>[0] = {}): string[] {
  return checked(text, more).diagnostics.map((d) => d.code)
}

export function applied(text: string, { span, text: replacement }: Fix): string {
  return text.slice(0, span.start) + replacement + text.slice(span.end)
}

/** A page with one training `t` to which `more` is appended, and `fields` of the training. */
export function page(fields = '', more = ''): string {
  return `use smdm
data tales = text("tales.txt") { tokenizer: bytes, validation: 1% }
train t = smdm.pretrain {
  model:  smdm.preset(6M) { context: 64, layers: 2 }
  data:   tales
  budget: 2000 steps
  ${fields}
}
${more}
`
}
