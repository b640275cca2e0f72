// A sample while it appears: what is still masked is a dim block, what has just been revealed is bright.
import { Box, Text } from 'ink'
import type { ReactElement } from 'react'
import { printable } from './numbers.ts'
import type { Preview } from './state.ts'

const ROWS = 6

export function Unmasking({ preview, columns }: { readonly preview: Preview; readonly columns: number }): ReactElement {
  const width = Math.min(columns, 100)
  const runs = runsOf(preview, width - 4)
  return (
    <Box flexDirection="column" borderStyle="round" borderColor="gray" paddingX={1} width={width}>
      <Text color="gray">
        sample {preview.sample + 1}, step {preview.step} of {preview.total}
      </Text>
      <Text>
        {runs.map(({ look, text }, i) => (
          <Text key={i} color={COLOURS[look]} bold={look === 'fresh'}>
            {text}
          </Text>
        ))}
      </Text>
    </Box>
  )
}

type Look = 'masked' | 'fresh' | 'known'
const COLOURS: Readonly<Record<Look, string | undefined>> = { masked: 'gray', fresh: 'green', known: undefined }

/** The text's beginning, cut into lines of `width` characters, in runs that look alike. */
function runsOf({ pieces, fresh }: Preview, width: number): readonly { readonly look: Look; readonly text: string }[] {
  const runs: { look: Look; text: string }[] = []
  let length = 0
  for (const [i, piece] of pieces.entries()) {
    const look = piece === null ? 'masked' : fresh.has(i) ? 'fresh' : 'known'
    for (const character of piece === null ? '░' : printable(piece).replace(/\s/g, ' ')) {
      if (length === ROWS * width) return runs
      const text = length > 0 && length % width === 0 ? `\n${character}` : character
      const last = runs.at(-1)
      if (last?.look === look) last.text += text
      else runs.push({ look, text })
      length++
    }
  }
  return runs
}
