// The tokens → editor/vscode/syntaxes/smdm.tmLanguage.json: node --import tsx scripts/generate-textmate.ts
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'prettier'
import { textmateGrammar } from '../grammar/textmate.ts'

const folder = join(import.meta.dirname, '..', 'editor', 'vscode', 'syntaxes')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'smdm.tmLanguage.json'), await format(JSON.stringify(textmateGrammar()), { parser: 'json', printWidth: 140 }))
