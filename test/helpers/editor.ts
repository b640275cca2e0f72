// An editor, as far as the server can tell: the real server process, spoken to over JSON-RPC.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type CodeAction,
  type CompletionItem,
  type Diagnostic,
  type Hover,
  type Location,
  type Position,
  type PublishDiagnosticsParams,
  type Range,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver/node'

const bin = join(import.meta.dirname, '..', '..', 'bin', 'smdmc.js')

/** A text in which `|` marks the cursor. */
export interface Marked {
  readonly text: string
  readonly at: Position
}

export function marked(text: string): Marked {
  const offset = text.indexOf('|')
  return placed(text.slice(0, offset), text.slice(offset + 1))
}

/** A text with the cursor where `around` has its `|`: for texts with bars of their own, as code in YAML. */
export function cursor(text: string, around: string): Marked {
  const [before = '', after = ''] = around.split('|')
  const offset = text.indexOf(before + after)
  if (offset < 0) throw new Error(`${around} is not in the text`)
  return placed(text.slice(0, offset + before.length), text.slice(offset + before.length))
}

function placed(before: string, after: string): Marked {
  const lines = before.split('\n')
  return { text: before + after, at: { line: lines.length - 1, character: lines.at(-1)!.length } }
}

export class Editor implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'smdmc-lsp-'))
  readonly #server = spawn(process.execPath, [bin, 'lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
  readonly #connection = createProtocolConnection(new StreamMessageReader(this.#server.stdout), new StreamMessageWriter(this.#server.stdin))
  readonly #published: PublishDiagnosticsParams[] = []
  readonly #exit = new Promise<number | null>((done) => this.#server.on('exit', done))
  #wake: () => void = () => undefined
  #version = 0

  /** A server that has been greeted, and a folder of files. */
  static async start(files: Readonly<Record<string, string>>): Promise<Editor> {
    const editor = new Editor()
    for (const [name, text] of Object.entries(files)) writeFileSync(join(editor.folder, name), text)
    editor.#connection.onNotification('textDocument/publishDiagnostics', (found: PublishDiagnosticsParams) => {
      editor.#published.push(found)
      editor.#wake()
    })
    editor.#connection.listen()
    await editor.request('initialize', {
      processId: null,
      rootUri: null,
      capabilities: { textDocument: { completion: { completionItem: { snippetSupport: true } } } },
      workspaceFolders: [{ uri: pathToFileURL(editor.folder).href, name: 'pages' }],
    })
    await editor.#connection.sendNotification('initialized', {})
    return editor
  }

  uri(name: string): string {
    return pathToFileURL(join(this.folder, name)).href
  }

  request<T>(method: string, params: object): Promise<T> {
    return this.#connection.sendRequest<T>(method, params)
  }

  /** Opens a buffer, or replaces all of its text. */
  async write(name: string, text: string): Promise<number> {
    const uri = this.uri(name)
    const version = ++this.#version
    await this.#connection.sendNotification('textDocument/didClose', { textDocument: { uri } })
    await this.#connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'smdm', version, text } })
    return version
  }

  /** Replaces a range of an open buffer, as typing does. */
  async type(name: string, range: Range, text: string): Promise<number> {
    const version = ++this.#version
    const textDocument = { uri: this.uri(name), version }
    await this.#connection.sendNotification('textDocument/didChange', { textDocument, contentChanges: [{ range, text }] })
    return version
  }

  /** The diagnostics of a version of a buffer. */
  async diagnostics(
    name: string,
    version: number,
    wanted: (found: readonly Diagnostic[]) => boolean = () => true,
  ): Promise<readonly Diagnostic[]> {
    for (;;) {
      const found = this.#published.find((p) => p.uri === this.uri(name) && p.version === version && wanted(p.diagnostics))
      if (found) return found.diagnostics
      await new Promise<void>((wake) => (this.#wake = wake))
    }
  }

  async hover(name: string, { text, at }: Marked): Promise<string> {
    await this.write(name, text)
    const found = await this.request<Hover | null>('textDocument/hover', { textDocument: { uri: this.uri(name) }, position: at })
    return found === null ? '' : (found.contents as { value: string }).value
  }

  async complete(name: string, { text, at }: Marked): Promise<readonly CompletionItem[]> {
    await this.write(name, text)
    return this.request('textDocument/completion', { textDocument: { uri: this.uri(name) }, position: at })
  }

  async definition(name: string, { text, at }: Marked): Promise<Location | null> {
    await this.write(name, text)
    return this.request('textDocument/definition', { textDocument: { uri: this.uri(name) }, position: at })
  }

  async references(name: string, { text, at }: Marked): Promise<readonly Location[]> {
    await this.write(name, text)
    const context = { includeDeclaration: true }
    return this.request('textDocument/references', { textDocument: { uri: this.uri(name) }, position: at, context })
  }

  async rename(name: string, { text, at }: Marked, newName: string): Promise<WorkspaceEdit> {
    await this.write(name, text)
    return this.request('textDocument/rename', { textDocument: { uri: this.uri(name) }, position: at, newName })
  }

  async format(name: string, text: string): Promise<readonly TextEdit[]> {
    await this.write(name, text)
    const options = { tabSize: 2, insertSpaces: true }
    return this.request('textDocument/formatting', { textDocument: { uri: this.uri(name) }, options })
  }

  async fixes(name: string, { text, at }: Marked): Promise<readonly CodeAction[]> {
    await this.write(name, text)
    const range = { start: at, end: at }
    return this.request('textDocument/codeAction', { textDocument: { uri: this.uri(name) }, range, context: { diagnostics: [] } })
  }

  /** Says goodbye; the exit code of the server. */
  async close(): Promise<number | null> {
    await this.request('shutdown', {})
    await this.#connection.sendNotification('exit')
    return this.#exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.kill()
    await this.#exit
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A text after edits, which must not overlap. */
export function edited(text: string, edits: readonly TextEdit[]): string {
  const offset = ({ line, character }: Position): number =>
    text.split('\n').slice(0, line).join('\n').length + (line > 0 ? 1 : 0) + character
  const ordered = [...edits].sort((a, b) => offset(b.range.start) - offset(a.range.start))
  return ordered.reduce((t, { range, newText }) => t.slice(0, offset(range.start)) + newText + t.slice(offset(range.end)), text)
}
