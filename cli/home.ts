// Where smdmc itself lies: package.json, with pipelines/ and docs/ beside it. This file is somewhere beneath, as TypeScript or built.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const home = above(import.meta.dirname)

function above(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : above(dirname(folder))
}
