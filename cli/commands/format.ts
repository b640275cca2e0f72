// smdmc fmt FILE…: canonical layout, in place. A file with a syntax error is not touched.
import { isYaml } from '../../compiler/yaml/form.ts'
import { parsePage } from '../../compiler/yaml/read.ts'
import { formatYaml } from '../../compiler/yaml/write.ts'
import { format } from '../../grammar/format.ts'
import { telling } from '../../runtime/failures.ts'
import { replaceText } from '../../runtime/store/atomic.ts'
import { exits, type Exit } from '../exit.ts'
import { readPage } from '../load.ts'
import { reportDiagnostics, type Output } from '../report.ts'

/** With `check`, only tells which files are not in that layout, and fails if there are some. */
export async function formatCommand(files: readonly string[], options: { readonly check: boolean }, output: Output): Promise<Exit> {
  let exit: Exit = exits.ok
  for (const file of files) {
    const source = readPage(file)
    const { module, diagnostics } = parsePage(source)
    if (diagnostics.some((d) => d.severity === 'error')) {
      reportDiagnostics(diagnostics, output)
      exit = exits.wrong
      continue
    }
    // JSON has no comments and one layout is as good as another.
    const text = file.endsWith('.json') ? source.text : isYaml(file) ? formatYaml(module) : format(module)
    if (text === source.text) continue
    if (options.check) exit = exits.failed
    else await telling('formatting', () => replaceText(file, text))
    process.stdout.write((output.json ? JSON.stringify({ kind: 'formatted', file, written: !options.check }) : file) + '\n')
  }
  return exit
}
