// The table of kinds → compiler/spec/schema.json, for editors: node --import tsx scripts/generate-schema.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { yamlSchema } from '../compiler/yaml/schema.ts'

const path = join(import.meta.dirname, '..', 'compiler', 'spec', 'schema.json')
writeFileSync(path, await format(JSON.stringify(yamlSchema()), { ...(await resolveConfig(path)), filepath: path }))
