// A thread does not inherit what bin/smdmc.js has registered: here tsx is told again to load the TypeScript sources as they are.
import { fileURLToPath } from 'node:url'
import { register } from 'tsx/esm/api'

register({ tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)) })
await import('./worker.ts')
