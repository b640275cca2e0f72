// What every host loop gets beside its job.
import type { Backend } from './backend.ts'
import type { StageFolder } from './store/store.ts'

export interface StageContext {
  readonly backend: Backend
  readonly folder: StageFolder
  /** The folder with the stages' folders. */
  readonly store: string
  /** A folder for fetched files. */
  readonly cache: string
  readonly signal: AbortSignal
}

/** Seconds since an instant of performance.now(). */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1000
}
