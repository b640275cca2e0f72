// Exit codes, documented in docs/cli.md, and the failure that is the command line's own.
import { Failure } from '../runtime/events.ts'

export const exits = {
  ok: 0,
  /** The world: a file, a device, the disk. */
  failed: 1,
  /** The page: an error that check reports; also wrong arguments. */
  wrong: 2,
  /** Stopped on request; running again goes on. */
  stopped: 130,
} as const
export type Exit = (typeof exits)[keyof typeof exits]

/** The command line asks for something that does not exist: nothing was run. */
export class WrongUse extends Failure {}
