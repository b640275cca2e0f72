// editor/vscode → a .vsix, without network: node --import tsx scripts/package-vscode.ts [FILE]. The client is bundled into one file;
// a .vsix is a zip with the extension in a folder, and two pages that say what it is.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { strToU8, zipSync } from 'fflate'

const folder = join(import.meta.dirname, '..', 'editor', 'vscode')
const FILES = ['package.json', 'README.md', 'language-configuration.json', 'syntaxes/smdm.tmLanguage.json', 'schema.json'] as const

interface Manifest {
  readonly name: string
  readonly displayName: string
  readonly description: string
  readonly version: string
  readonly publisher: string
  readonly engines: { readonly vscode: string }
  readonly categories: readonly string[]
}

/** The bytes of the package. Equal sources give equal bytes. */
export function packageExtension(): Uint8Array {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const files = Object.fromEntries(FILES.map((name) => [`extension/${name}`, readFileSync(sourceOf(name))]))
  return zipSync(
    {
      '[Content_Types].xml': strToU8(CONTENT_TYPES),
      'extension.vsixmanifest': strToU8(vsixManifest(manifest)),
      ...files,
      'extension/extension.js': bundled(),
    },
    { mtime: '1980-01-01' },
  )
}

/** The schema of YAML pages is the compiler's. */
function sourceOf(name: (typeof FILES)[number]): string {
  return name === 'schema.json' ? join(folder, '..', '..', 'compiler', 'spec', 'schema.json') : join(folder, name)
}

function bundled(): Uint8Array {
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, 'extension.js')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode'],
    minifyWhitespace: true,
  })
  return outputFiles[0]!.contents
}

const CONTENT_TYPES = `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="json" ContentType="application/json"/>
  <Default Extension="js" ContentType="application/javascript"/>
  <Default Extension="md" ContentType="text/markdown"/>
  <Default Extension="vsixmanifest" ContentType="text/xml"/>
</Types>
`

function vsixManifest({ name, displayName, description, version, publisher, engines, categories }: Manifest): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${name}" Version="${version}" Publisher="${publisher}"/>
    <DisplayName>${displayName}</DisplayName>
    <Description xml:space="preserve">${description}</Description>
    <Categories>${categories.join(',')}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${engines.vscode}"/>
    </Properties>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
  </Assets>
</PackageManifest>
`
}

const [target] = process.argv.slice(2)
if (target !== undefined) writeFileSync(target, packageExtension())
