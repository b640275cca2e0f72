#!/usr/bin/env node
// The sources are TypeScript and run as they are: tsx turns each file into JavaScript when it is loaded, by our tsconfig.json
// and not by one that happens to lie where the user works.
import { fileURLToPath } from 'node:url'
import { register } from 'tsx/esm/api'

register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) })
await import('../cli/main.ts')
