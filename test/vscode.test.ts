// The extension for VS Code packs without a network, holds what its manifest names, and its bundle needs nothing but the editor.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { join } from 'node:path'
import test from 'node:test'
import { compileFunction } from 'node:vm'
import { strFromU8, unzipSync } from 'fflate'
import { isYaml } from '../compiler/yaml/form.ts'
import { packageExtension } from '../scripts/package-vscode.ts'

interface Manifest {
  readonly main: string
  readonly version: string
  readonly contributes: {
    readonly languages: readonly { readonly id: string; readonly extensions: readonly string[]; readonly configuration: string }[]
    readonly grammars: readonly { readonly language: string; readonly path: string }[]
    readonly yamlValidation: readonly { readonly fileMatch: readonly string[]; readonly url: string }[]
    readonly jsonValidation: readonly { readonly url: string }[]
  }
}

const files = unzipSync(packageExtension())
const fileAt = (path: string): string => strFromU8(files[`extension/${path.replace(/^\.\//, '')}`] ?? assert.fail(`there is no ${path}`))
const manifest = JSON.parse(fileAt('package.json')) as Manifest

test('what the manifest names is there', () => {
  const { languages, grammars, yamlValidation, jsonValidation } = manifest.contributes
  const paths = [
    ...languages.map((l) => l.configuration),
    ...grammars.map((g) => g.path),
    ...[...yamlValidation, ...jsonValidation].map((v) => v.url),
  ]
  for (const path of paths) assert.ok(JSON.parse(fileAt(path)))
  assert.ok(fileAt(manifest.main).length > 0)
  assert.deepEqual(
    languages.map((l) => [l.id, l.extensions]),
    [['smdm', ['.smdm']]],
  )
  assert.equal(grammars[0]?.language, 'smdm')
  assert.ok(yamlValidation.every((v) => v.fileMatch.every(isYaml)))
})

test('two packages of the same sources are the same bytes', () => {
  assert.deepEqual(packageExtension(), packageExtension())
  assert.match(strFromU8(files['extension.vsixmanifest']!), new RegExp(`Id="smdm" Version="${manifest.version}"`))
})

test('the bundle is loaded with nothing but the editor and Node', () => {
  const wanted: string[] = []
  const node = createRequire(import.meta.url)
  // Whatever the client asks of the editor while it is loaded is a class, a function or a namespace of these.
  const base = class {}
  const editor: unknown = new Proxy(base, { get: (_, name) => (name === 'prototype' ? base.prototype : editor) })
  const load = (name: string): unknown => {
    wanted.push(name)
    return name === 'vscode' ? editor : node(name)
  }
  const module: { exports: { activate?: unknown } } = { exports: {} }
  const run = compileFunction(fileAt(manifest.main), ['require', 'module', 'exports']) as (...args: unknown[]) => void
  run(load, module, module.exports)
  assert.equal(typeof module.exports.activate, 'function')
  assert.deepEqual(
    wanted.filter((name) => name !== 'vscode' && !isBuiltin(name)),
    [],
  )
})

test('it comes with the grammar that is generated', () => {
  const generated = readFileSync(join(import.meta.dirname, '..', 'editor', 'vscode', 'syntaxes', 'smdm.tmLanguage.json'), 'utf8')
  assert.equal(fileAt('syntaxes/smdm.tmLanguage.json'), generated)
})
