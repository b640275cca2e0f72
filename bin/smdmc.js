#!/usr/bin/env node
// The sources are TypeScript and run as they are: tsx turns each file into JavaScript when it is loaded, by our tsconfig.json
// and not by one that happens to lie where the user works.
import './threads.js'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { register } from 'tsx/esm/api'

// Chevrotain and the library beneath it are 700 files, which take most of a second to load one by one; its bundle is the same in one.
const bundle = new URL('../chevrotain.mjs', import.meta.resolve('chevrotain')).href

register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) })
if (module.registerHooks) {
  module.registerHooks({ resolve: (name, from, next) => (name === 'chevrotain' ? { url: bundle, shortCircuit: true } : next(name, from)) })
} else {
  const hook = `export const resolve = (name, from, next) => name === 'chevrotain' ? { url: '${bundle}', shortCircuit: true } : next(name, from)`
  module.register('data:text/javascript,' + encodeURIComponent(hook))
}
await import('../cli/main.ts')
