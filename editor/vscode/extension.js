// Starts `smdmc lsp` for pages of this editor. The server is a program of the user: the one that the setting names, else the one
// that the workspace has installed, else the one on the PATH. In a workspace that is not trusted nothing is started.
'use strict'
const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { commands, window, workspace } = require('vscode')
const { LanguageClient, TransportKind } = require('vscode-languageclient/node')

/** @type {LanguageClient | undefined} */
let client

/** @param {import('vscode').ExtensionContext} context */
exports.activate = (context) => {
  context.subscriptions.push(
    commands.registerCommand('smdm.restart', restart),
    workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('smdm.server') && restart()),
    workspace.onDidGrantWorkspaceTrust(start),
  )
  return start()
}

exports.deactivate = () => client?.stop()

async function restart() {
  await client?.stop().catch(() => undefined)
  client = undefined
  await start()
}

async function start() {
  if (!workspace.isTrusted || client !== undefined) return
  const server = { ...program(), transport: TransportKind.stdio }
  client = new LanguageClient('smdm', 'smdm', server, {
    documentSelector: [{ language: 'smdm' }, { pattern: '**/*.smdm.{yaml,yml,json}' }],
    synchronize: { fileEvents: workspace.createFileSystemWatcher('**/*.smdm{,.yaml,.yml,.json}') },
  })
  try {
    await client.start()
  } catch {
    client = undefined
    const settings = 'Open the setting'
    const chosen = await window.showErrorMessage(
      `The language server did not start: ${server.command}. Install smdmc with npm, in this workspace or globally, or say where it is.`,
      settings,
    )
    if (chosen === settings) await commands.executeCommand('workbench.action.openSettings', 'smdm.server')
  }
}

/** The command line of the server. What ends in `.js` is run by the `node` on the PATH. */
function program() {
  const named = workspace.getConfiguration('smdm').get('server', '')
  const installed = (workspace.workspaceFolders ?? [])
    .map(({ uri }) => join(uri.fsPath, 'node_modules', 'smdmc', 'bin', 'smdmc.js'))
    .find((path) => existsSync(path))
  const path = named !== '' ? named : (installed ?? 'smdmc')
  if (path.endsWith('.js')) return { command: 'node', args: [path, 'lsp'] }
  // On Windows npm installs a command script, which only a shell can run.
  return { command: path, args: ['lsp'], options: { shell: process.platform === 'win32' } }
}
