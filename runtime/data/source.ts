// A data job → its tokens: the file, or the part of it that the job names. Only the bytes of that part are read.
import { constants } from 'node:buffer'
import { open } from 'node:fs/promises'
import type { DataJob } from '../../compiler/plan/jobs.ts'
import { Failure } from '../events.ts'
import { telling } from '../failures.ts'
import { tokenizerOf } from '../tokenizer/choose.ts'
import type { Tokens } from '../tokenizer/tokenizer.ts'
import { npmFile, parseNpmPath } from './npm.ts'

/** The local file of a path: itself, or where the cache keeps the file of a package. */
export async function localFile(path: string, cache: string): Promise<string> {
  const npm = parseNpmPath(path)
  return npm === undefined ? path : npmFile(npm, cache)
}

/** The tokens of a job's part. Fails with a Failure when the file cannot be read or the part is empty. */
export async function readTokens(job: DataJob, cache: string): Promise<Tokens> {
  const { validation } = job
  const own = job.part === 'validation' && validation !== undefined && 'path' in validation
  const path = await localFile(own ? validation.path : job.path, cache)
  const share = validation !== undefined && 'share' in validation ? validation.share : 0
  const content = await telling('reading data', () =>
    readRange(path, (size) => {
      const [start, end] = partOf(size, own ? 'all' : job.part, share)
      return [start, Math.min(end, start + (job.limit ?? Infinity))]
    }),
  )
  if (content.length === 0) {
    throw new Failure({
      code: 'empty-data',
      message: `${path} has no tokens${job.part === 'all' ? '' : ` for ${job.part}`}`,
      advice: [job.part === 'validation' ? 'give validation a larger share, or a file of its own' : 'is it the right file?'],
    })
  }
  return tokenizerOf(job.tokenizer).ofFile(content)
}

/** Where a part of n tokens lies: validation takes its share, rounded, at the end. */
export function partOf(n: number, part: DataJob['part'], share: number): readonly [start: number, end: number] {
  const split = n - Math.round(n * share)
  switch (part) {
    case 'all':
      return [0, n]
    case 'train':
      return [0, split]
    case 'validation':
      return [split, n]
    default:
      return part satisfies never
  }
}

/** Bytes [start, end) of a file, chosen when its size is known. */
async function readRange(path: string, choose: (size: number) => readonly [number, number]): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const [start, end] = choose((await file.stat()).size)
    if (end - start > constants.MAX_LENGTH) throw tooLarge(path, end - start)
    const bytes = new Uint8Array(end - start)
    let done = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, done, Math.min(1 << 30, bytes.length - done), start + done)
      done += bytesRead
      if (bytesRead === 0 || done === bytes.length) return bytes.subarray(0, done)
    }
  } finally {
    await file.close()
  }
}

function tooLarge(path: string, size: number): Failure {
  return new Failure({
    code: 'data-too-large',
    message: `${path} has ${size} bytes, more than this version of Node holds in one piece (${constants.MAX_LENGTH})`,
    advice: ['use Node 22 or later, or set a limit on the data'],
  })
}
