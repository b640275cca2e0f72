// test/diagnostics/codes → docs/errors.md: node --import tsx scripts/generate-errors.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorsPage, fixtures } from '../test/helpers/errors.ts'

writeFileSync(join(import.meta.dirname, '..', 'docs', 'errors.md'), errorsPage(fixtures()))
