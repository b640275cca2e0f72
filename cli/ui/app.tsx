// The screen of a run: finished lines scroll away above, the live part below stays a few lines high.
import { Box, Static, Text } from 'ink'
import type { ReactElement } from 'react'
import { LossChart } from './loss-chart.tsx'
import { ProgressBar } from './progress.tsx'
import { Stages } from './stages.tsx'
import { Unmasking } from './samples.tsx'
import type { Tone, UiState } from './state.ts'

const COLOURS: Readonly<Record<Tone, string | undefined>> = { plain: undefined, good: 'green', bad: 'red', faint: 'gray' }

/** Rows of all but the stages: chart or preview, progress, note, and some of the terminal left above. */
const OTHERS = 14

interface Props {
  readonly state: UiState
  readonly columns: number
  readonly rows: number
}

export function App({ state, columns, rows }: Props): ReactElement {
  const { device, stages, losses, preview, note, progress, step, lines } = state
  const roomy = rows >= OTHERS + 2
  return (
    <Box flexDirection="column">
      <Static items={[...lines]}>
        {(line) => (
          <Text key={line.id} color={COLOURS[line.tone]}>
            {line.text}
          </Text>
        )}
      </Static>
      {device !== '' && <Stages device={device} stages={stages} rows={Math.max(2, rows - OTHERS)} />}
      {roomy && losses.length > 1 && preview === undefined && <LossChart losses={losses} columns={columns} />}
      {roomy && preview !== undefined && <Unmasking preview={preview} columns={columns} />}
      {progress !== undefined && <ProgressBar progress={progress} step={step} columns={columns} />}
      {note !== undefined && <Text color="gray">{note} …</Text>}
    </Box>
  )
}
