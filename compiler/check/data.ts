// Data → DataSpec: the part that a stage reads, how many tokens it has, and that its files are there.
import type { Span } from '../../grammar/source.ts'
import type { FileFacts } from '../facts.ts'
import { field, quantity, record, text, type Build } from './build.ts'
import { sound } from './complete.ts'
import type { DataSpec } from './pipeline.ts'
import type { Rec } from './value.ts'

/** Ids of a tokenizer. Those of files that are not read yet stand in with the size of the paper's, so that shapes are checked. */
export function vocabOf(b: Build, data: Rec | undefined): number {
  const tokenizer = data && record(b.s, data, 'tokenizer')
  return tokenizer?.maker === 'sentencepiece' || tokenizer?.maker === 'bpe' ? 32000 : 256
}

/** Undefined where something is missing, which has been said. `part`: what the stage reads if the page does not say. */
export function buildData(b: Build, data: Rec, part: 'all' | 'train'): DataSpec | undefined {
  const { s } = b
  if (!sound(b, data)) return undefined
  const path = data.fields.get('path')
  if (path?.value.kind !== 'text') return undefined
  const main = fileFacts(b, path.value.text, path.value.span, path.at)
  const held = field(s, data, 'validation')
  const other = held?.kind === 'text' ? fileFacts(b, held.text, held.span, held.span) : undefined
  if (!main || (held?.kind === 'text' && !other)) return undefined

  const share = held?.kind === 'quantity' ? held.number : undefined
  const validation = share !== undefined ? { share } : other ? { path: other.path } : undefined
  const reads = data.part ?? (validation ? part : 'all')
  const whole = main.tokens ?? main.bytes
  const heldOut = share === undefined ? 0 : Math.floor(whole * share)
  const here = reads === 'validation' ? (other ? (other.tokens ?? other.bytes) : heldOut) : reads === 'train' ? whole - heldOut : whole
  const limit = quantity(s, data, 'limit')?.number
  return {
    form: 'text',
    path: main.path,
    tokenizer: { kind: 'bytes', vocab: 256 },
    part: reads,
    validation,
    limit,
    tokens: limit === undefined ? here : Math.min(limit, here),
  }
}

/** Facts of a file that must be there. `from`: where its name was written, to which it is relative. */
function fileFacts(b: Build, path: string, from: Span, at: Span): (FileFacts & { readonly found: true }) | undefined {
  const facts = b.s.world.files(path, from.source)
  if (facts.found) return facts
  if (!b.told.has(from)) b.s.say.missingFile(at, { path, reason: facts.reason, near: facts.near, span: at })
  b.told.add(from)
  return undefined
}

/** A checkpoint that must be there. */
export function checkpointPath(b: Build, checkpoint: Rec): string | undefined {
  const path = text(b.s, checkpoint, 'path')
  const held = checkpoint.fields.get('path')
  return path === undefined || !held ? undefined : fileFacts(b, path, held.value.span, held.at)?.path
}
