// What a page calls the kind of a stage.
import type { Stage } from '../check/pipeline.ts'

/** `train`; for a plugin's kind its own word. */
export function kindWord(stage: Stage): string {
  return stage.kind === 'custom' ? stage.custom.word : stage.kind
}
