// A size of the family → its training, checked as a user's page would be. Its data is never read: tokens are made up.
import { check, type Checked } from '../../compiler/check/check.ts'
import type { Stage } from '../../compiler/check/pipeline.ts'
import { nearest } from '../../grammar/suggest.ts'
import { libraryNames, librarySources, preludeSources } from '../library.ts'

export interface PresetOptions {
  /** Instead of the preset's. */
  readonly context?: number
  /** Of a tokenizer that is not there and need not be; unset: that of the paper's. */
  readonly vocab?: number
}

/** The page of a preset, with one training in it. */
export function presetPage(preset: string, { context, vocab = 32_000 }: PresetOptions): Checked {
  const length = context === undefined ? '' : ` { context: ${context} }`
  const text = `use smdm
data noise = text("noise.txt") { tokenizer: sentencepiece("noise.model") }
train bench = smdm.pretrain {
  model:     smdm.preset(${preset})${length}
  data:      noise
  budget:    100000 steps
  precision: f16
}
`
  const checked = check(
    { name: 'bench.smdm', text },
    {
      prelude: preludeSources(),
      set: {},
      read: (name) => librarySources(name) ?? { problem: 'there is no such library', near: nearest(name, libraryNames()) },
      files: (path) => ({ path, found: true, bytes: 1e9, sha256: '0'.repeat(64), vocab }),
    },
  )
  return { ...checked, pipeline: checked.pipeline && { stages: checked.pipeline.stages.map((stage) => withBytes(stage, vocab)) } }
}

/** With tokens made up nobody asks for the tokenizer that the model's vocabulary comes from. */
function withBytes(stage: Stage, vocab: number): Stage {
  return stage.kind === 'train' ? { ...stage, later: [], data: { ...stage.data, tokenizer: { kind: 'bytes', vocab } } } : stage
}
