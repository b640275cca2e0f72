// A finished stage in the store → the events that tell of it again: its samples, metrics or rows.
import { readFile } from 'node:fs/promises'
import type { CustomMetric } from '../compiler/plan/jobs.ts'
import { metricEvent } from './evaluate.ts'
import type { RunEvent } from './events.ts'
import { fitEvents, type FitRecord } from './fit.ts'
import type { SampleRecord } from './sample.ts'
import { readLines } from './store/journal.ts'
import type { StageFolder, StoredKind } from './store/store.ts'
import { tableEvent, type TableRow } from './table.ts'

export async function* cachedEvents(stage: string, kind: StoredKind, { artifact }: StageFolder): AsyncGenerator<RunEvent> {
  switch (kind) {
    case 'train':
      break
    case 'sample': {
      const samples = (await readLines(artifact)) as readonly SampleRecord[]
      for (const { sample, text, forwards } of samples) yield { kind: 'sampled', stage, sample, text, forwards }
      break
    }
    case 'eval':
    case 'custom':
      for (const metric of await read<CustomMetric>(artifact)) yield metricEvent(stage, metric)
      break
    case 'fit':
      yield* fitEvents(stage, await read<FitRecord>(artifact))
      break
    case 'table':
      yield tableEvent(stage, await read<TableRow>(artifact))
      break
    default:
      kind satisfies never
  }
}

async function read<T>(artifact: string): Promise<readonly T[]> {
  return JSON.parse(await readFile(artifact, 'utf8')) as readonly T[]
}
