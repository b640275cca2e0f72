#!/usr/bin/env node
// The sources are TypeScript and run as they are: tsx turns each file into JavaScript when it is loaded.
import { register } from 'tsx/esm/api'

register()
await import('../cli/main.ts')
