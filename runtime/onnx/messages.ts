// The English of everything that can go wrong with the CPU backend: facts → Failure.
import { Failure } from '../events.ts'

export const VERSION = '1.30.0'
const INSTALL = `npm install --ignore-scripts onnxruntime-node@${VERSION}`

/** ONNX Runtime is not installed and cannot be fetched, or does not load on this platform. */
export function backendMissing(cause: unknown): Failure {
  const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
  return new Failure(
    {
      code: 'cpu-backend-missing',
      message: `The CPU backend, ONNX Runtime, is not there: ${why}`,
      advice: [
        `Install it where smdmc is: \`${INSTALL}\`, with \`-g\` if smdmc is installed globally.`,
        'It has binaries for Linux with glibc 2.28 (x64, arm64), Windows (x64, arm64) and macOS (arm64); elsewhere choose `device webgpu`.',
      ],
    },
    { cause },
  )
}

export function outOfMemory(needed?: number): Failure {
  return new Failure({
    code: 'out-of-memory',
    message: `The machine has not enough memory${needed === undefined ? '' : `: this plan needs about ${gigabytes(needed)}`}.`,
    advice: ['Use a smaller micro batch, a shorter context or a smaller model.', 'Close other programs.'],
  })
}

export function workerDied(why: string): Failure {
  return new Failure({
    code: 'worker-died',
    message: `The thread that runs ONNX Runtime ended unexpectedly: ${why}`,
    advice: ['Run again: work resumes from the last checkpoint.', 'If it happens again, memory may be short: use a smaller micro batch.'],
  })
}

export function badPackage(name: string): Failure {
  return new Failure({
    code: 'bad-package',
    message: `The package ${name} is not what it should be: its SHA-512 differs.`,
    advice: ['Try again; if it stays, a proxy or a mirror changes packages on their way.', `Or install it yourself: \`${INSTALL}\`.`],
  })
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
