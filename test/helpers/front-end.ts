// Dawn's front end as tests want it: a line for each complaint, `12:7 error: no matching call to …`.
import { frontEnd as complaints } from '../../runtime/webgpu/front-end.ts'

/** What Dawn says of modules for a device with these features. */
export async function frontEnd(features?: readonly string[]): Promise<(wgsl: string) => Promise<readonly string[]>> {
  const ask = await complaints(features)
  return async (wgsl) => (await ask(wgsl)).map(({ line, column, type, message }) => `${line}:${column} ${type}: ${message}`)
}
