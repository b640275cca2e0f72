// What the operating system says → a Failure that a person can act on: what happened to which file, and what to do about it.
// Failures are the world's fault; anything else that is thrown is ours and passes through unchanged.
import { Failure } from './events.ts'

interface SystemError extends Error {
  readonly code: string
  readonly path?: string
  /** Of what a call of the system refused; Node's own errors have none. */
  readonly syscall?: string
}

interface Words {
  readonly code: string
  readonly message: (what: string) => string
  readonly advice: readonly string[]
}

const full: Words = {
  code: 'disk-full',
  message: (what) => `the disk is full while ${what}`,
  advice: ['free some space and run again: the last checkpoint is kept, and the run goes on from there'],
}
const denied: Words = {
  code: 'no-permission',
  message: (what) => `no permission while ${what}`,
  advice: ['check who owns the file or folder, and its mode'],
}

const words: Readonly<Record<string, Words>> = {
  ENOSPC: full,
  EDQUOT: { ...full, message: (what) => `the disk quota is used up while ${what}` },
  EFBIG: { ...full, message: (what) => `the file system takes no file this large, while ${what}` },
  EACCES: denied,
  EPERM: denied,
  EROFS: { ...denied, code: 'read-only', message: (what) => `the file system is read-only, while ${what}` },
  ENOENT: {
    code: 'missing-file',
    message: (what) => `there is no such file, while ${what}`,
    advice: ['check the path; relative paths start at the file that names them'],
  },
  EISDIR: { code: 'not-a-file', message: (what) => `this is a folder, not a file, while ${what}`, advice: ['name a file inside it'] },
  ENOTDIR: {
    code: 'not-a-folder',
    message: (what) => `a file stands where a folder is needed, while ${what}`,
    advice: ['move that file away'],
  },
  EEXIST: {
    code: 'not-a-folder',
    message: (what) => `a file stands where a folder is needed, while ${what}`,
    advice: ['move that file away'],
  },
  ENAMETOOLONG: {
    code: 'name-too-long',
    message: (what) => `a name is longer than the file system takes, while ${what}`,
    advice: ['give the stage, the page or the file a shorter name; what is finished is found again under any name'],
  },
  EMFILE: {
    code: 'too-many-files',
    message: (what) => `too many files are open while ${what}`,
    advice: ['raise the limit (ulimit -n) and run again'],
  },
  EIO: {
    code: 'disk-error',
    message: (what) => `the disk reports an error while ${what}`,
    advice: ['check the disk; the last good checkpoint is kept'],
  },
}

/** What is told of the rest: its own name. */
const other = (code: string): Words => ({
  code: 'system-error',
  message: (what) => `the operating system says ${code} while ${what}`,
  advice: ['try another file or folder'],
})

/**
 * The Failure that an error of the operating system stands for; other errors as they are. `what`: 'reading the data file'. `path`: told
 * instead of the one that the system names, which may be a file on the way.
 */
export function asFailure(error: unknown, what: string, path?: string): unknown {
  // When giving a lost device back fails too, what went wrong first is what matters.
  if (error instanceof Error && 'suppressed' in error) return asFailure(error.suppressed, what, path)
  if (error instanceof RangeError && /allocation failed|Invalid typed array length/.test(error.message)) return outOfMemory(error, what)
  if (!isSystemError(error)) return error
  const found = words[error.code] ?? (error.syscall === undefined ? undefined : other(error.code))
  if (found === undefined) return error
  const where = path ?? error.path
  const message = found.message(what) + (where === undefined ? '' : `: ${where}`)
  return new Failure({ code: found.code, message, advice: found.advice }, { cause: error })
}

function outOfMemory(cause: RangeError, what: string): Failure {
  const advice = ['close other programs, or use a smaller model or less data']
  return new Failure({ code: 'out-of-memory', message: `the computer's memory is used up while ${what}`, advice }, { cause })
}

/** Runs `work`; errors of the operating system come out as Failures. */
export async function telling<T>(what: string, work: () => Promise<T>, path?: string): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asFailure(error, what, path)
  }
}

/** Whether an error is the operating system's, of this code if one is given. */
export function isSystemError(error: unknown, code?: string): error is SystemError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && (code === undefined || error.code === code)
}
