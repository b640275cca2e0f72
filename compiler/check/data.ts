// Data → DataSpec: the part that a stage reads, how much there is of it, its examples with their columns, and that its files are
// there and are what the page says.
import type { Span } from '../../grammar/source.ts'
import type { FileQuery, FoundFile } from '../facts.ts'
import { field, number, quantity, record, text, word, type Build } from './build.ts'
import { sound } from './complete.ts'
import { examplesOf, type Examples } from './examples.ts'
import type { DataSpec, TokenizerSpec } from './pipeline.ts'
import { splittingOf, type Splitting } from './template.ts'
import type { Rec } from './value.ts'

/** Stands in for a tokenizer that cannot be read, so that shapes are checked: the paper's. */
const PAPERS_VOCAB = 32_000

/** The tokenizer of data; undefined where its file has been complained of. */
export function tokenizerOf(b: Build, data: Rec): TokenizerSpec | undefined {
  const tokenizer = record(b.s, data, 'tokenizer')
  const path = tokenizer?.fields.get('path')
  if (tokenizer?.maker === 'bytes') return { kind: 'bytes', vocab: 256 }
  if ((tokenizer?.maker !== 'sentencepiece' && tokenizer?.maker !== 'bpe') || path?.value.kind !== 'text') return undefined
  const kind = tokenizer.maker
  const facts = fileFacts(b, path.value.text, path.value.span, path.at, { as: kind })
  return facts && { kind, vocab: facts.vocab ?? PAPERS_VOCAB, path: facts.path }
}

/** Ids of the tokenizer of data, for models whose shapes are checked even where it cannot be read. */
export function vocabOf(b: Build, data: Rec | undefined): number {
  return (data && tokenizerOf(b, data)?.vocab) ?? PAPERS_VOCAB
}

/** Undefined where something is missing, which has been said. `part`: what the stage reads if the page does not say. */
export function buildData(b: Build, data: Rec, part: 'all' | 'train', tokenizer = tokenizerOf(b, data)): DataSpec | undefined {
  if (!sound(data) || !tokenizer) return undefined
  const files = data.maker === 'packed' ? packedFiles(b, data) : plainFiles(b, data)
  if (!files) return undefined
  const examples = examplesOf(b, data, files.columns)
  if (!examples) return undefined
  const limit = quantity(b.s, data, 'limit')?.number
  const { path, validation } = files
  const reads = data.part ?? (validation ? part : 'all')
  return {
    form: data.maker as DataSpec['form'],
    path,
    files: data.maker === 'packed' ? text(b.s, data, 'train') : undefined,
    pattern: files.pattern,
    tokenizer,
    part: reads,
    validation,
    limit,
    ...amountOf(files, reads, examples, tokenizer, limit),
    ...examples,
    fill: word(b.s, data, 'fill') as DataSpec['fill'],
    seed: number(b.s, data, 'seed'),
  }
}

interface Files {
  readonly path: string
  readonly columns?: readonly string[]
  readonly pattern?: Splitting
  readonly main: FoundFile
  readonly held?: FoundFile
  readonly validation?: DataSpec['validation']
}

/** A file, and a share of it or another file for validation. */
function plainFiles(b: Build, data: Rec): Files | undefined {
  const path = data.fields.get('path')
  const asked = queryOf(b, data)
  if (path?.value.kind !== 'text' || asked === null) return undefined
  const query = asked?.query
  const main = fileFacts(b, path.value.text, path.value.span, path.at, query)
  const held = field(b.s, data, 'validation')
  const other = held?.kind === 'text' ? fileFacts(b, held.text, held.span, held.span, query) : undefined
  if (!main || (held?.kind === 'text' && !other)) return undefined
  const share = held?.kind === 'quantity' && held.number > 0 ? { share: held.number } : undefined
  const { pattern } = asked ?? {}
  const columns = pattern?.columns ?? main.columns
  return { path: main.path, columns, pattern, main, held: other, validation: other ? { path: other.path } : share }
}

/** A folder, from which each part takes the files of a pattern. */
function packedFiles(b: Build, data: Rec): Files | undefined {
  const path = data.fields.get('path')
  if (path?.value.kind !== 'text') return undefined
  const [folder, from] = [path.value.text, path.value.span]
  const of = (name: 'train' | 'validation'): FoundFile | undefined => {
    const glob = text(b.s, data, name) ?? '*'
    return fileFacts(b, folder, from, data.fields.get(name)?.at ?? path.at, { as: 'packed', glob })
  }
  const main = of('train')
  const share = quantity(b.s, data, 'validation')
  const held = text(b.s, data, 'validation') === undefined ? undefined : of('validation')
  if (!main || (text(b.s, data, 'validation') !== undefined && !held)) return undefined
  return { path: main.path, main, held, validation: share ? { share: share.number } : held && { path: text(b.s, data, 'validation')! } }
}

interface Asked {
  readonly query: FileQuery
  readonly pattern?: Splitting
}

/** What is asked of the file; null where the pattern cannot split lines. */
function queryOf(b: Build, data: Rec): Asked | undefined | null {
  const pattern = data.fields.get('pattern')
  if (data.maker === 'jsonl') return { query: { as: 'jsonl' } }
  if (data.maker !== 'lines' || pattern?.value.kind !== 'text') return undefined
  const splitting = splittingOf(b, pattern.value.text, pattern.value.span)
  return splitting ? { query: { as: 'lines', regexp: splitting.regexp }, pattern: splitting } : null
}

/** Tokens where they can be counted without a tokenizer, and sequences where each example is one. */
function amountOf(
  { main, held, validation }: Files,
  reads: DataSpec['part'],
  { turns }: Examples,
  tokenizer: TokenizerSpec,
  limit: number | undefined,
): Pick<DataSpec, 'tokens' | 'sequences'> {
  const share = validation && 'share' in validation ? validation.share : 0
  const part = (whole: number | undefined, other: number | undefined): number | undefined => {
    if (whole === undefined || (reads === 'validation' && held)) return other
    const heldOut = Math.round(whole * share)
    return reads === 'validation' ? heldOut : reads === 'train' ? whole - heldOut : whole
  }
  const writing = turns.filter((turn) => turn.write).length
  const lines = part(main.lines, held?.lines)
  if (turns.length > 0) return { sequences: lines === undefined ? undefined : lines * Math.max(1, writing) }
  const sizes = (file: FoundFile | undefined): number | undefined => file?.tokens ?? (tokenizer.kind === 'bytes' ? file?.bytes : undefined)
  const tokens = part(sizes(main), sizes(held))
  return { tokens: tokens === undefined || limit === undefined ? tokens : Math.min(limit, tokens) }
}

/** Facts of a file that must be there and be what is asked for. `from`: where its name was written, to which it is relative. */
function fileFacts(b: Build, path: string, from: Span, at: Span, query?: FileQuery): FoundFile | undefined {
  const facts = b.s.world.files(path, from.source, query)
  if (facts.found && !facts.unfit) return facts
  if (!b.told.has(at)) {
    if (!facts.found)
      b.s.say.missingFile(at, { path: facts.reason === 'no-match' && query?.as === 'packed' ? query.glob : path, reason: facts.reason, near: facts.near, folder: path, span: at }) // prettier-ignore
    else b.s.say.unfitFile(at, { path, as: query?.as ?? 'text', ...facts.unfit! })
  }
  b.told.add(at)
  return undefined
}

/** A checkpoint that must be there. */
export function checkpointPath(b: Build, checkpoint: Rec): string | undefined {
  const path = text(b.s, checkpoint, 'path')
  const held = checkpoint.fields.get('path')
  return path === undefined || !held ? undefined : fileFacts(b, path, held.value.span, held.at)?.path
}
