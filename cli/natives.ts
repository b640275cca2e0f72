// Functions in WGSL, asked about at the compiler that WebGPU devices use. It needs no device, and is loaded when a page has WGSL.
import type { Native, NativeProblem } from '../compiler/check/session.ts'

/** What is wrong with a function. Nothing, too, where the package of that compiler is not there: then devices will tell. */
export async function nativeProblem({ code, params }: Native): Promise<NativeProblem | undefined> {
  const ask = await (compiler ??= loaded())
  const head = `fn asked(${params.map((p) => `${p}: f32`).join(', ')}) -> f32 {\n`
  const found = ((await ask?.(`${head}${code}\n}\n`)) ?? []).find(({ type }) => type === 'error')
  if (!found) return undefined
  const within = (offset: number): number => Math.min(Math.max(offset - head.length, 0), code.length)
  const [message = ''] = found.message.split('\n')
  return { message, start: within(found.offset), end: within(found.offset + found.length) }
}

/** A function's text is one: equal ones are asked about once. */
export function nativeKey({ code, params }: Native): string {
  return `${params.join()}\n${code}`
}

let compiler: ReturnType<typeof loaded> | undefined

async function loaded() {
  try {
    return await (await import('../runtime/webgpu/front-end.ts')).frontEnd([])
  } catch {
    return undefined
  }
}
