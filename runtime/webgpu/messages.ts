// The English of everything that can go wrong with a GPU: facts → Failure. What is our own fault (a kernel
// that does not compile, an input that is missing) is an Error instead and never passes through here.
import { DoesNotFit, Failure } from '../events.ts'

const software =
  'To run on the CPU through a software Vulkan, slow but complete: `npm install --no-save @sparticuz/chromium@147.0.0` (holds SwiftShader), or on Debian and Ubuntu `apt install mesa-vulkan-drivers`.'
const containers =
  'In a container with an NVIDIA GPU: set NVIDIA_DRIVER_CAPABILITIES=all and install libvulkan1, libegl1, libglvnd0 and libgl1; if the driver is still not found, point VK_DRIVER_FILES at its nvidia_icd.json.'

export function webgpuMissing(cause: unknown): Failure {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Failure(
    {
      code: 'webgpu-missing',
      message: `The npm package webgpu cannot be loaded on ${process.platform} ${process.arch}: ${why}`,
      advice: ['Install it again with `npm install`; it has binaries for Linux, macOS and Windows with glibc.', 'Or choose `device cpu`.'],
    },
    { cause },
  )
}

/** `tried`: each place looked at, with what was found wrong there. */
export function noAdapter(tried: readonly string[], platform: string): Failure {
  const looked = tried.length > 0 ? ` Tried: ${tried.join('; ')}.` : ''
  return new Failure({
    code: 'no-adapter',
    message: `No GPU and no software Vulkan was found.${looked}`,
    advice: [
      ...(platform === 'linux'
        ? ['For a GPU, install its driver and the Vulkan loader (`apt install libvulkan1`).', containers, software]
        : []),
      'Or choose `device cpu`. `smdmc doctor` shows every adapter and why it is or is not used.',
    ],
  })
}

export function noSuchAdapter(wanted: string, found: readonly string[]): Failure {
  return new Failure({
    code: 'no-such-adapter',
    message: `No usable GPU adapter is named '${wanted}'.`,
    advice: [found.length > 0 ? `There is ${found.map((name) => `'${name}'`).join(', ')}.` : 'None was found at all: see `smdmc doctor`.'],
  })
}

export function deviceLost(reason: string): Failure {
  return new Failure({
    code: 'device-lost',
    message: `The GPU stopped: ${reason || 'the driver gave no reason'}`,
    advice: ['Run again: work resumes from the last checkpoint.', 'If it happens again, use a smaller micro batch or update the driver.'],
  })
}

const roomier = ['Use a smaller micro batch, a shorter context or a smaller model.', 'Close other programs that use the GPU.']

/** While a plan ran: what was computed since is lost. */
export function outOfMemory(): Failure {
  return new Failure({ code: 'out-of-memory', message: `The GPU's memory is full.`, advice: roomier })
}

/** Before a plan ran. */
export function planTooLarge(bytes: number): DoesNotFit {
  const message = `The GPU's memory is full: this plan needs ${megabytes(bytes)}.`
  return new DoesNotFit({ code: 'out-of-memory', message, advice: roomier })
}

export function tooLarge(what: string, bytes: number, limit: number): DoesNotFit {
  return new DoesNotFit({
    code: 'out-of-memory',
    message: `One tensor, ${what}, needs ${megabytes(bytes)}, but this GPU's buffers hold at most ${megabytes(limit)}.`,
    advice: ['Use a smaller micro batch or a shorter context.'],
  })
}

export function gpuError(message: string): Failure {
  return new Failure({
    code: 'gpu-error',
    message: `The GPU refused a command: ${message}`,
    advice: ['This is most likely a bug in smdmc or in the driver: please report it with the output of `smdmc doctor`.'],
  })
}

export function noTimestamps(device: string): Failure {
  return new Failure({
    code: 'no-timestamps',
    message: `${device} cannot time its own work, so there is no profile.`,
    advice: ['Use another adapter: `smdmc doctor` shows which have timestamp-query.'],
  })
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`
}
