// Reference cases: a folder with case.json and safetensors files, computed by the paper's own code.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { openSafetensors } from '../../runtime/checkpoint/safetensors.ts'

/** The model's configuration as the reference names it. */
export interface Config {
  readonly block_size: number
  readonly padded_vocab_size: number
  readonly n_layer: number
  readonly n_head: number
  readonly n_query_groups: number
  readonly n_embd: number
  readonly intermediate_size: number
  readonly rotary_percentage: number
  readonly condense_ratio: number
  readonly norm_eps: number
  readonly bias: boolean
  readonly parallel_residual: boolean
  readonly shared_attention_norm: boolean
  /** Present for masked diffusion models. */
  readonly mask_id?: number
}

/** One case: its folder, its group (the first letters of the parent folder) and case.json. */
export interface Case {
  readonly name: string
  readonly group: string
  readonly folder: string
  readonly json: Readonly<Record<string, unknown>>
}

export type Stored = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array | Int32Array }>>

/** All cases under a folder, sorted by name; the folder may be a single case. G tables have no case.json and come as one case. */
export function casesIn(folder: string): readonly Case[] {
  if (existsSync(join(folder, 'case.json'))) return [caseAt(folder)]
  if (/^G_/.test(basename(folder))) return [{ name: basename(folder), group: 'G_tables', folder, json: {} }]
  const inside = readdirSync(folder, { withFileTypes: true }).filter((e) => e.isDirectory())
  return inside.flatMap((e) => casesIn(join(folder, e.name))).sort((a, b) => (a.name < b.name ? -1 : 1))
}

function caseAt(folder: string): Case {
  const json: unknown = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8'))
  const group = basename(dirname(folder))
  return { name: `${group}/${basename(folder)}`, group, folder, json: json as Case['json'] }
}

/** Every tensor of a safetensors file of the case; absent files are empty. */
export async function stored(c: Case, file: string): Promise<Stored> {
  const path = join(c.folder, file)
  if (!existsSync(path)) return {}
  await using opened = await openSafetensors(path)
  const all: Record<string, Stored[string]> = {}
  for (const t of opened.tensors) all[t.name] = { shape: t.shape, data: await opened.read(t.name) }
  return all
}

/** The weights a case starts from; a case may name several files, later ones override. */
export async function storedWeights(c: Case, file: string): Promise<Stored> {
  const listed = c.json['weights_files']
  const files = Array.isArray(listed) ? (listed as readonly string[]) : [file]
  const parts = await Promise.all(files.map((f) => stored(c, f)))
  return Object.assign({}, ...parts) as Stored
}
