// A custom stage → its programs: the plugin's lowering, given the logits of the model and the ops of the library.
import { PluginMistake } from '../bug.ts'
import { Builder, type Value } from '../graph/builder.ts'
import type { CustomStage } from '../check/pipeline.ts'
import type { Library } from './library.ts'
import { batchDim, i32, logits, timeDim, type Shape } from './network.ts'
import type { Program } from './train.ts'

/** tokens → the plugin's results, for each program it asks for. None without a model. */
export function customPrograms({ name: stage, custom, values, trained }: CustomStage, shape: Shape, library: Library): readonly Program[] {
  const programs: Program[] = []
  if (!trained) return programs
  const program = (name: string, results: Parameters<Parameters<NonNullable<typeof custom.kind.lower>>[0]['program']>[1]): void => {
    const b = new Builder()
    const all = logits(b, trained.model, b.input('tokens', 'data', i32(batchDim(shape), timeDim(shape))))
    const found = results(all, { graph: b, apply: (op, args, dims) => library.apply(b, op, args, dims) })
    resultsOf(name, found).forEach(([result, value]) => b.result(result, value))
    programs.push({ name, graph: b.finish() })
  }
  try {
    custom.kind.lower?.({ ...shape, program }, values)
  } catch (error) {
    throw new PluginMistake(stage, error)
  }
  return programs
}

/** What a program gives: values of its graph, one at least. */
function resultsOf(program: string, found: unknown): readonly (readonly [string, Value])[] {
  const results = typeof found === 'object' && found !== null ? Object.entries(found as Record<string, unknown>) : []
  if (results.length === 0) throw new Error(`the program \`${program}\` has no results`)
  const other = results.find(([, value]) => !isValue(value))
  if (other) throw new Error(`the result \`${other[0]}\` of the program \`${program}\` is no value of its graph`)
  return results as [string, Value][]
}

function isValue(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && 'id' in value && 'type' in value
}
