// A custom stage → its programs: the plugin's lowering, given the logits of the model and the ops of the library.
import { Builder } from '../graph/builder.ts'
import type { CustomStage } from '../check/pipeline.ts'
import type { Library } from './library.ts'
import { batchDim, i32, logits, timeDim, type Shape } from './network.ts'
import type { Program } from './train.ts'

/** tokens → the plugin's results, for each program it asks for. None without a model. */
export function customPrograms({ custom, values, trained }: CustomStage, shape: Shape, library: Library): readonly Program[] {
  const programs: Program[] = []
  if (!trained) return programs
  const program = (name: string, results: Parameters<Parameters<NonNullable<typeof custom.kind.lower>>[0]['program']>[1]): void => {
    const b = new Builder()
    const all = logits(b, trained.model, b.input('tokens', 'data', i32(batchDim(shape), timeDim(shape))))
    const found = results(all, { graph: b, apply: (op, args, dims) => library.apply(b, op, args, dims) })
    for (const [result, value] of Object.entries(found)) b.result(result, value)
    programs.push({ name, graph: b.finish() })
  }
  custom.kind.lower?.({ ...shape, program }, values)
  return programs
}
