// smdmc convert FILE: the same page in the other form, with its comments; the stages keep their keys.
import { isYaml } from '../../compiler/yaml/form.ts'
import { parsePage } from '../../compiler/yaml/read.ts'
import { writeYaml } from '../../compiler/yaml/write.ts'
import { format } from '../../grammar/format.ts'
import { telling } from '../../runtime/failures.ts'
import { replaceText } from '../../runtime/store/atomic.ts'
import { exits, WrongUse, type Exit } from '../exit.ts'
import { readPage } from '../load.ts'
import { reportDiagnostics, type Output } from '../report.ts'

/** Prints to standard output, or writes to `options.output`. A page with a syntax error is not converted. */
export async function convertCommand(file: string, options: { readonly output?: string }, output: Output): Promise<Exit> {
  const ending = isYaml(file) ? /\.smdm$/ : /\.ya?ml$/i
  if (options.output !== undefined && !ending.test(options.output)) {
    const advice = [`the other form of ${file} ends in ${isYaml(file) ? '.smdm' : '.yaml'}`]
    throw new WrongUse({ code: 'wrong-ending', message: `${options.output} has the wrong ending`, advice })
  }
  const { module, diagnostics } = parsePage(readPage(file))
  reportDiagnostics(diagnostics, output)
  if (diagnostics.some((d) => d.severity === 'error')) return exits.wrong
  const text = isYaml(file) ? format(module) : writeYaml(module)
  if (options.output === undefined) process.stdout.write(text)
  else await telling('writing the page', () => replaceText(options.output!, text))
  return exits.ok
}
