// What every host loop gets beside its job.
import type { Backend } from './backend.ts'
import type { StageFolder } from './store/store.ts'

export interface StageContext extends ReadingContext {
  readonly backend: Backend
  /** A folder for fetched files. */
  readonly cache: string
  readonly signal: AbortSignal
}

/** What a stage gets that reads the results of others. */
export interface ReadingContext {
  readonly folder: StageFolder
  /** The folder with the stages' folders. */
  readonly store: string
}

/** Seconds since an instant of performance.now(). */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1000
}
