#!/usr/bin/env node
import './threads.js'
import { existsSync, readFileSync } from 'node:fs'
import module from 'node:module'

// Node 22 keeps what it compiled for the next command.
Reflect.get(module, 'enableCompileCache')?.()

const builder = new URL('../scripts/build.js', import.meta.url)
if (existsSync(builder)) {
  const { refresh } = await import(builder.href)
  await refresh()
}
const { id } = JSON.parse(readFileSync(new URL('../dist/build.json', import.meta.url), 'utf8'))
await import(`../dist/${id}/smdmc.js`)
