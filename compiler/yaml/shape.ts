// What has the wrong shape to become a tree → diagnostics that say what belongs there, as the schema has it. Whatever
// did become a tree is the checker's to judge, whose words are better: one mistake, one message.
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml'
import { contentOf } from './excerpt.ts'
import type { PairNode, Path, Reading } from './reading.ts'
import { yamlSchema } from './schema.ts'

/** A place where a page breaks the schema. */
export interface Violation {
  readonly path: Path
  /** The keyword that is broken, such as `type`. */
  readonly keyword: string
  /** What belongs there, where the schema names it. */
  readonly takes?: string
}

/** Everything in which a document differs from the schema. */
export function validateYaml(root: ParsedNode | undefined): readonly Violation[] {
  const validate = (validator ??= compiledSchema())
  validate(jsonOf(root))
  return (validate.errors ?? []).map(violation)
}

/** Compiling takes some 50 ms, which is spent on the first page with a hole. */
let validator: ValidateFunction | undefined

function compiledSchema(): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true, logger: false })
  ajv.addVocabulary(['unit', 'contract'])
  return ajv.compile(yamlSchema())
}

/** Says of each hole what belongs there. */
export function reportHoles(r: Reading): void {
  if (r.holes.length === 0) return
  const violations = validateYaml(r.root).filter(({ keyword }) => keyword === 'type')
  for (const { path, span, key } of r.holes) {
    const takes = violations.flatMap((v) => (same(v.path, path) && v.takes !== undefined ? [v.takes] : []))
    const found = span.start === span.end ? 'nothing' : kindOf(r, path)
    r.say.wrongShape(span, { key, takes: takes.length === 0 ? ['a value'] : [...new Set(takes)], found })
  }
}

function violation({ instancePath, keyword, parentSchema }: ErrorObject): Violation {
  const path =
    instancePath === ''
      ? []
      : instancePath
          .slice(1)
          .split('/')
          .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const { title } = parentSchema as { readonly title?: unknown }
  return { path, keyword, ...(typeof title === 'string' && { takes: title }) }
}

const same = (a: Path, b: Path): boolean => a.length === b.length && a.every((part, i) => part === String(b[i]))

function kindOf(r: Reading, path: Path): string {
  const value = path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[part] : undefined),
    jsonOf(r.root),
  )
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'a mapping' : value === null ? 'nothing' : 'a single value'
}

/** The document as other readers of YAML 1.2 see it. */
function jsonOf(node: ParsedNode | null | undefined): unknown {
  if (isMap(node)) {
    const pairs = node.items as readonly PairNode[]
    return Object.fromEntries(pairs.map(({ key, value }) => [isScalar(key) ? contentOf(key) : '', jsonOf(value)]))
  }
  if (isSeq(node)) return (node.items as readonly ParsedNode[]).map(jsonOf)
  if (!isScalar(node)) return null
  const text = contentOf(node)
  if (node.type !== 'PLAIN') return text
  if (/^(null|~|)$/.test(text)) return null
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text) ? Number(text) : text
}
