// How far a stage is, how fast it goes, how long it will take, and what its last step measured.
import { Box, Text } from 'ink'
import type { ReactElement } from 'react'
import { duration } from './numbers.ts'
import { pace, type Progress, type UiState } from './state.ts'
import { measures } from './words.ts'

interface Props {
  readonly progress: Progress
  readonly step: UiState['step']
  readonly columns: number
}

export function ProgressBar({ progress, step, columns }: Props): ReactElement {
  const { now, total, unit } = progress
  const speed = pace(progress)
  const words = [` ${now.done}/${total} ${unit}`, ...(speed ? [`${shownRate(speed.rate)}/s`, `${duration(speed.left)} left`] : [])].join(
    '  ',
  )
  const width = Math.max(8, Math.min(60, columns - words.length))
  const filled = total > 0 ? Math.min(width, Math.floor((now.done / total) * width)) : 0
  return (
    <Box flexDirection="column">
      <Text>
        <Text color="cyan">{'━'.repeat(filled)}</Text>
        <Text color="gray">{'─'.repeat(width - filled)}</Text>
        {words}
      </Text>
      {step !== undefined && <Text color="gray">{measures(step).join('  ')}</Text>}
    </Box>
  )
}

function shownRate(rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3)
}
