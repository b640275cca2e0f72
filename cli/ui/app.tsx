// The screen of a run: finished lines scroll away above, the live part below stays a few lines high.
import { Box, Static, Text } from 'ink'
import type { ReactElement } from 'react'
import { LossChart } from './loss-chart.tsx'
import { ProgressBar } from './progress.tsx'
import { Stages } from './stages.tsx'
import { Unmasking } from './samples.tsx'
import type { Tone, UiState } from './state.ts'

const COLOURS: Readonly<Record<Tone, string | undefined>> = { plain: undefined, good: 'green', bad: 'red', faint: 'gray' }

export function App({ state, columns }: { readonly state: UiState; readonly columns: number }): ReactElement {
  return (
    <Box flexDirection="column">
      <Static items={[...state.lines]}>
        {(line) => (
          <Text key={line.id} color={COLOURS[line.tone]}>
            {line.text}
          </Text>
        )}
      </Static>
      <Stages device={state.device} stages={state.stages} />
      {state.losses.length > 1 && state.unmask === undefined && <LossChart losses={state.losses} columns={columns} />}
      {state.unmask !== undefined && <Unmasking unmask={state.unmask} columns={columns} />}
      {state.note !== undefined && <Text color="gray">{state.note} …</Text>}
      {state.progress !== undefined && <ProgressBar progress={state.progress} step={state.step} columns={columns} />}
    </Box>
  )
}
