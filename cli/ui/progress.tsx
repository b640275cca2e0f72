// How far a stage is, how fast it goes, and how long it will take.
import { Box, Text } from 'ink'
import type { ReactElement } from 'react'
import { bytes, duration, si, type Progress, type UiState } from './state.ts'

interface Props {
  readonly progress: Progress
  readonly step: UiState['step']
  readonly columns: number
}

export function ProgressBar({ progress, step, columns }: Props): ReactElement {
  const { done, total, unit, from, seconds } = progress
  const width = Math.max(10, Math.min(60, columns - 50))
  const filled = total > 0 ? Math.round((done / total) * width) : 0
  const rate = seconds > 0 ? (done - Math.max(0, from)) / seconds : 0
  const left = rate > 0 ? `${duration((total - done) / rate)} left` : ''
  return (
    <Box flexDirection="column">
      <Text>
        <Text color="cyan">{'█'.repeat(filled)}</Text>
        <Text color="gray">{'░'.repeat(width - filled)}</Text>
        {` ${done}/${total} ${unit}  ${rate > 0 ? `${rate.toPrecision(3)}/s` : ''}  ${left}`}
      </Text>
      {step !== undefined && (
        <Text color="gray">
          {`loss ${step.loss.toFixed(3)}  lr ${step.rate.toExponential(1)}  ${si(step.tokensPerSecond)}tok/s  ${si(step.flopsPerSecond)}FLOP/s  ${bytes(step.memory)}`}
        </Text>
      )}
    </Box>
  )
}
