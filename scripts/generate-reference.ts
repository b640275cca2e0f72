// The table of kinds → docs/reference.md: node --import tsx scripts/generate-reference.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { referenceText } from '../compiler/report/reference-text.ts'

writeFileSync(join(import.meta.dirname, '..', 'docs', 'reference.md'), referenceText())
