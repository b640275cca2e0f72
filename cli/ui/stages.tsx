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

export function Stages({ device, stages }: { readonly device: string; readonly stages: readonly StageRow[] }): ReactElement {
  return (
    <Box flexDirection="column" marginTop={1}>
      <Text bold>smdmc on {device}</Text>
      {stages.map((s) => (
        <Text key={s.stage} color={COLOURS[s.status]}>
          {MARKS[s.status]} {s.what} {s.stage} <Text color="gray">{`[${s.key.slice(0, 12)}] ${s.state}`}</Text>
        </Text>
      ))}
    </Box>
  )
}
