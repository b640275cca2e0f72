// `use "./calibration.ts"` or `use "package"` → the plugin, loaded, with the hash of its text. A package is found from the page that
// names it, as Node would.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FoundPlugin } from '../compiler/check/check.ts'
import type { Plugin } from '../compiler/spec/plugin.ts'
import { neighbour } from './files.ts'

export type PluginOrProblem = FoundPlugin | { readonly problem: string; readonly near?: string }

/** The file behind the name, as the page `from` means it; undefined where there is none. */
export function pluginFile(name: string, from: string): string | undefined {
  if (/^\.{0,2}\//.test(name) || /\.[cm]?[jt]s$/.test(name)) {
    const file = resolve(dirname(from), name)
    return existsSync(file) ? file : undefined
  }
  try {
    return createRequire(resolve(from)).resolve(name)
  } catch {
    return undefined
  }
}

/** Runs the plugin's file, which is the user's code. */
export async function loadPlugin(name: string, from: string): Promise<PluginOrProblem> {
  const file = pluginFile(name, from)
  const beside = resolve(dirname(from), name)
  if (file === undefined ? existsSync(beside) : file === beside && !/\.[cm]?[jt]s$/.test(file))
    return { problem: 'it is neither a page (.smdm, .yaml, .json) nor a plugin (.ts, .js)' }
  if (file === undefined) {
    const near = neighbour(beside)
    return {
      problem: 'there is no such file or package',
      near: near && name.slice(0, name.lastIndexOf('/') + 1) + near.split(/[\\/]/).at(-1)!,
    }
  }
  try {
    const { tsImport } = await import('tsx/esm/api')
    // On its own: what package.json lies near the file must not decide how its TypeScript is read.
    const module = (await tsImport(pathToFileURL(file).href, import.meta.url)) as { readonly plugin?: unknown }
    if (!isPlugin(module.plugin)) return { problem: 'it exports no `plugin` with `kinds`, each with `doc`, `fields` and `run`' }
    return { plugin: module.plugin, sha256: createHash('sha256').update(readFileSync(file)).digest('hex') }
  } catch (error) {
    return { problem: `loading it failed: ${reasonOf(error)}` }
  }
}

/** On one line: mistakes of syntax come with a heading. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text
    .replace(/^Transform failed with \d+ errors?:/, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
}

function isPlugin(value: unknown): value is Plugin {
  if (!isObject(value) || !isObject(value['kinds'])) return false
  return Object.values(value['kinds']).every((kind) => isObject(kind) && typeof kind['run'] === 'function' && isObject(kind['fields']))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
