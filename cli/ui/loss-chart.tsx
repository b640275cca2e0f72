// The training loss as a curve, with its bounds.
import { Box, Text } from 'ink'
import type { ReactElement } from 'react'
import { bounds, braille } from './chart.ts'
import type { UiState } from './state.ts'

const ROWS = 5

export function LossChart({ losses, columns }: { readonly losses: UiState['losses']; readonly columns: number }): ReactElement {
  const values = losses.map((l) => l.loss)
  const { low, high } = bounds(values)
  const rows = braille(values, Math.max(10, Math.min(100, columns - 12)), ROWS)
  return (
    <Box flexDirection="column">
      {rows.map((row, i) => (
        <Text key={i}>
          <Text color="gray">{(i === 0 ? high.toFixed(3) : i === ROWS - 1 ? low.toFixed(3) : '').padStart(8)} </Text>
          <Text color="yellow">{row}</Text>
        </Text>
      ))}
    </Box>
  )
}
