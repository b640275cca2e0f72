// Which tokenizer a job names.
import type { DataJob } from '../../compiler/plan/jobs.ts'
import { bytes } from './bytes.ts'
import type { Tokenizer } from './tokenizer.ts'

const tokenizers: Readonly<Record<DataJob['tokenizer']['kind'], Tokenizer>> = { bytes }

export function tokenizerOf(spec: DataJob['tokenizer']): Tokenizer {
  return tokenizers[spec.kind]
}
