// The stages of a run with what happens to each: cached, resumed or new.
import { Box, Text } from 'ink'
import type { ReactElement } from 'react'
import type { StageRow } from './state.ts'

const MARKS: Readonly<Record<StageRow['status'], string>> = { waiting: '·', running: '▸', done: '✓', stopped: '‖', failed: '✗' }
const COLOURS: Readonly<Record<StageRow['status'], string | undefined>> = {
  waiting: 'gray',
  running: 'cyan',
  done: 'green',
  stopped: 'yellow',
  failed: 'red',
}

interface Props {
  readonly device: string
  readonly stages: readonly StageRow[]
  /** Stages shown at once; of more, those around the one at work. */
  readonly rows: number
}

export function Stages({ device, stages, rows }: Props): ReactElement {
  const at = stages.findIndex((s) => s.status !== 'done')
  const first = Math.max(0, Math.min((at < 0 ? stages.length : at) - (rows >> 1), stages.length - rows))
  const [before, after] = [first, Math.max(0, stages.length - first - rows)]
  return (
    <Box flexDirection="column" marginTop={1}>
      <Text bold wrap="truncate">
        smdmc on {device}
      </Text>
      {before > 0 && <Text color="gray">… {before} done</Text>}
      {stages.slice(first, first + rows).map((s) => (
        <Text key={s.stage} color={COLOURS[s.status]} wrap="truncate">
          {MARKS[s.status]} {s.what} {s.stage} <Text color="gray">{aboutRow(s)}</Text>
        </Text>
      ))}
      {after > 0 && <Text color="gray">… {after} to come</Text>}
    </Box>
  )
}

function aboutRow({ key, state, status, folder }: StageRow): string {
  return `[${key.slice(0, 12)}] ${state}${status === 'done' && folder !== undefined ? `, in ${folder}` : ''}`
}
