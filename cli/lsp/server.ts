// The protocol's requests → answers. The server keeps open buffers in a Project and asks one file for each kind of answer.
// A request about a page that cannot be read, or about nothing in particular, gets an empty answer, never an error.
import { fileURLToPath } from 'node:url'
import {
  CodeActionKind,
  ProposedFeatures,
  TextDocumentSyncKind,
  TextDocuments,
  createConnection,
  type Connection,
  type InitializeParams,
  type ServerCapabilities,
  type TextDocumentPositionParams,
} from 'vscode-languageserver/node'
import { TextDocument } from 'vscode-languageserver-textdocument'
import type { SourceFile } from '../../grammar/source.ts'
import { completion } from './completion.ts'
import { definition } from './definition.ts'
import { diagnosticsOf } from './diagnostics.ts'
import { fixesIn } from './fixes.ts'
import { formatting } from './formatting.ts'
import { hover } from './hover.ts'
import { nameOf, offsetAt } from './places.ts'
import { Project } from './project.ts'
import { references, renamable, rename } from './rename.ts'
import { Sources, isLibrary, pagesIn, type Fetched } from './sources.ts'

/** Milliseconds without a keystroke before a page is checked. */
const PAUSE = 150

const capabilities: ServerCapabilities = {
  textDocumentSync: TextDocumentSyncKind.Incremental,
  hoverProvider: true,
  completionProvider: { triggerCharacters: ['.', '[', '"', '/', '('] },
  definitionProvider: true,
  referencesProvider: true,
  renameProvider: { prepareProvider: true },
  documentFormattingProvider: true,
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
}

/** Serves an editor over standard input and output until it says goodbye. */
export function serve(fetched: Fetched): void {
  const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout)
  const documents = new TextDocuments(TextDocument)
  const project = new Project(new Sources(fetched))
  answer(connection, project)
  publish(connection, project, documents)
  documents.listen(connection)
  connection.listen()
}

/** Sends what checking finds, a moment after the last change: of all open pages, since any may use what changed. */
function publish(connection: Connection, project: Project, documents: TextDocuments<TextDocument>): void {
  let waiting: NodeJS.Timeout | undefined
  project.sources.loaded = () => {
    project.forget()
    soon()
  }
  const soon = (): void => {
    clearTimeout(waiting)
    waiting = setTimeout(() => {
      const all = documents.all().map(found)
      if (!project.sources.loading) all.forEach((d) => void connection.sendDiagnostics(d))
    }, PAUSE)
  }
  const found = ({ uri, version }: TextDocument) => {
    const name = nameOf(uri)
    const page = project.sources.at(name)
    if (page === undefined) return { uri, version, diagnostics: [] }
    // A file of a library is no page by itself: its names are those of all its files.
    const checked = isLibrary(name) ? { ...project.sources.parse(page), modules: [] } : project.check(page)
    return { uri, version, diagnostics: [...diagnosticsOf(page, checked)] }
  }
  documents.onDidChangeContent(({ document }) => {
    project.change(nameOf(document.uri), document.getText())
    soon()
  })
  documents.onDidClose(({ document }) => {
    project.change(nameOf(document.uri), undefined)
    void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] })
    soon()
  })
  connection.onDidChangeWatchedFiles(() => {
    project.forget()
    soon()
  })
}

function answer(connection: Connection, project: Project): void {
  let folders: readonly string[] = []
  let snippets = false
  connection.onInitialize((params) => {
    folders = foldersOf(params)
    snippets = params.capabilities.textDocument?.completion?.completionItem?.snippetSupport === true
    return { capabilities, serverInfo: { name: 'smdmc' } }
  })
  const pages = (): readonly string[] => folders.flatMap((folder) => pagesIn(folder))

  const pageOf = (uri: string): SourceFile | undefined => project.sources.at(nameOf(uri))
  const at = <T>({ textDocument, position }: TextDocumentPositionParams, ask: (page: SourceFile, offset: number) => T): T | undefined => {
    const page = pageOf(textDocument.uri)
    return page && ask(page, offsetAt(page, position))
  }
  connection.onHover((params) => at(params, (page, offset) => hover(project, page, offset, folders)))
  connection.onCompletion((params) => at(params, (page, offset) => [...completion(project, page, offset, snippets)]))
  connection.onDefinition((params) => at(params, (page, offset) => definition(project, page, offset)))
  connection.onReferences((params) => at(params, (page, offset) => [...references(project, page, offset, pages())]))
  connection.onPrepareRename((params) => at(params, (page, offset) => renamable(project, page, offset)))
  connection.onRenameRequest((params) => at(params, (page, offset) => rename(project, page, offset, params.newName, pages())))
  connection.onDocumentFormatting(({ textDocument }) => {
    const page = pageOf(textDocument.uri)
    return page && [...formatting(project.sources, page)]
  })
  connection.onCodeAction(({ textDocument, range }) => {
    const page = pageOf(textDocument.uri)
    return page && [...fixesIn(project, page, range)]
  })
}

function foldersOf({ workspaceFolders }: InitializeParams): readonly string[] {
  return (workspaceFolders ?? []).flatMap(({ uri }) => (uri.startsWith('file:') ? [fileURLToPath(uri)] : []))
}
