// A sample while it appears: what is still masked is a dim block.
import { Box, Text } from 'ink'
import type { ReactElement } from 'react'
import type { UiState } from './state.ts'

const ROWS = 6

export function Unmasking({
  unmask,
  columns,
}: {
  readonly unmask: NonNullable<UiState['unmask']>
  readonly columns: number
}): ReactElement {
  const text = unmask.pieces.map((p) => (p === null ? '░' : p.replace(/[\n\r\t]/g, ' '))).join('')
  return (
    <Box flexDirection="column" borderStyle="round" borderColor="gray" width={Math.min(columns, 100)}>
      <Text color="gray">
        sample {unmask.sample + 1}, step {unmask.step} of {unmask.total}
      </Text>
      <Text>{text.slice(0, ROWS * Math.min(columns - 4, 96))}</Text>
    </Box>
  )
}
