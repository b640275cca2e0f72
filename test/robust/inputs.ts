// A number → an input for the front end: a random program, a page that is nearly right, or a text of ours with damage done to
// it, in one of the three forms in which a page may be written.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { writeYaml } from '../../compiler/yaml/write.ts'
import { parse } from '../../grammar/parse.ts'
import type { SourceFile } from '../../grammar/source.ts'
import { randomProgram } from '../helpers/random-program.ts'
import { mutated, spliced } from './mutate.ts'
import { page } from './pages.ts'
import { randomOf, type Random } from './random.ts'

const root = join(import.meta.dirname, '..', '..')
const folders = ['test/fixtures/language', 'test/diagnostics', 'pipelines', 'examples']

/** The worked examples, the library and the wrong programs. */
const pages: readonly string[] = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.smdm'))
    .sort()
    .map((name) => readFileSync(join(root, folder, name), 'utf8')),
)

/** Models in the examples are large and slow to check; sizes are not what is in question. */
const small = (text: string): string => text.replace(/smdm\.preset\((?:size|\d+M)\)/g, 'smdm.preset(6M) { layers: 1, context: 256 }')

/** The input of this number. The same number gives the same input. */
export function inputOf(seed: number): SourceFile {
  const r = randomOf(seed)
  const text = textOf(r)
  if (!r.once(4)) return { name: 'page.smdm', text }
  const { module, diagnostics } = parse({ name: 'page.smdm', text })
  const yaml = diagnostics.length === 0 ? writeYaml(module) : text
  const name = r.pick(['page.yaml', 'page.yaml', 'page.json'])
  return { name, text: r.once(4) ? yaml : mutated(yaml, r) }
}

function textOf(r: Random): string {
  const ours = (): string => (r.once(2) ? small(r.pick(pages)) : page(r))
  switch (r.below(8)) {
    case 0:
      return fc.sample(randomProgram, { numRuns: 1, seed: r.below(2 ** 31) })[0]!
    case 1:
      return mutated(fc.sample(randomProgram, { numRuns: 1, seed: r.below(2 ** 31) })[0]!, r)
    case 2:
      return spliced(ours(), ours(), r)
    case 3:
    case 4:
      return page(r)
    default:
      return mutated(ours(), r)
  }
}
