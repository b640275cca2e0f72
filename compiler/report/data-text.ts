// Data → what its tokens look like where texts meet, and what stands behind their end: differences between training and use that
// nothing else shows.
import type { DataSpec } from '../check/pipeline.ts'
import type { Line } from './lines.ts'
import { grouped, rounded } from './numbers.ts'

export function dataLines(data: DataSpec): readonly Line[] {
  const fill = fillText(data)
  return [
    ['data', `${data.form}${amountText(data)}, ${data.tokenizer.kind}`],
    ['seams', seamText(data)],
    ...(fill === undefined ? [] : [['end', fill] as const]),
  ]
}

function amountText({ tokens, sequences }: DataSpec): string {
  if (sequences !== undefined && tokens !== undefined && sequences > 0)
    return ` of ${grouped(sequences)} examples, ${(tokens / sequences).toFixed(1)} tokens each on average`
  if (sequences !== undefined) return ` of ${grouped(sequences)} examples`
  return tokens === undefined ? '' : ` of ${rounded(tokens)} tokens`
}

/** What happens where two pieces of text come together. */
function seamText({ form, tokenizer, turns }: DataSpec): string {
  const written = turns.some((turn) => turn.write)
  switch (form) {
    case 'text':
      return 'one long text: no BOS, no EOS, sequences begin anywhere in it'
    case 'packed':
      return 'documents stand one behind the other with EOS between, as they were packed; BOS is almost never seen'
    case 'jsonl':
    case 'lines':
      if (tokenizer.kind === 'bytes') return 'bytes have no BOS and no EOS: what is given and what is written simply meet'
      return written
        ? 'what is given and what is written are tokenized apart: BOS in front of each, so an answer begins with BOS'
        : 'BOS in front of what is given'
    default:
      return form satisfies never
  }
}

/** What is learned behind the end of an example. */
function fillText({ form, fill, turns }: DataSpec): string | undefined {
  if (form === 'text' || form === 'packed' || turns.length === 0) return undefined
  if (fill === 'eos') return 'EOS fills the sequence up to the context, and all of it is learned'
  return fill === 'ignore' ? 'what fills the sequence is not learned' : 'nothing is learned behind the end of an answer'
}
