// The training loss as a curve, with its bounds and the steps it spans.
import { Box, Text } from 'ink'
import type { ReactElement } from 'react'
import { braille } from './chart.ts'
import type { LossPoint } from './state.ts'

const ROWS = 5
const LABEL = 8

export function LossChart({ losses, columns }: { readonly losses: readonly LossPoint[]; readonly columns: number }): ReactElement {
  const width = Math.max(10, Math.min(100, columns - LABEL - 2))
  const points = losses.map(({ step, loss }) => ({ x: step, y: loss }))
  const { rows, low, high } = braille(points, width, ROWS)
  const label = (row: number): string => (row === 0 ? high.toFixed(3) : row === ROWS - 1 ? low.toFixed(3) : '').padStart(LABEL)
  const [first, last] = [String(losses[0]?.step ?? 0), String(losses.at(-1)?.step ?? 0)]
  return (
    <Box flexDirection="column">
      {rows.map((row, i) => (
        <Text key={i} wrap="truncate">
          <Text color="gray">{label(i)} </Text>
          <Text color="yellow">{row}</Text>
        </Text>
      ))}
      <Text color="gray">{`${'step'.padStart(LABEL)} ${first}${last.padStart(Math.max(0, width - first.length))}`}</Text>
    </Box>
  )
}
