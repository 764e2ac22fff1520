import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatIds } from '../src/model/reader.ts'
import { readers } from '../src/sources/files/index.ts'
import { cycles, repository, sourceFile, sourceFiles, type SourceFile } from './helpers/source-graph.ts'

interface Room {
  /** Other rooms, and single files of other rooms, that may be imported. */
  readonly may: readonly string[]
  readonly why: string
}

/** Who may import whom. A room is a folder of src/, or a file that stands there alone. */
const rooms: Readonly<Record<string, Room>> = {
  model: { may: [], why: 'The words of the product depend on nothing, so that every other room can use them.' },
  statistics: { may: [], why: 'Statistics are pure functions of numbers: they can be checked against a textbook.' },
  'version.ts': { may: [], why: 'The version is a fact, not a part.' },
  sources: {
    may: ['model', 'net'],
    why: 'A source turns foreign bytes into observations or counts and knows nothing of what becomes of them.',
  },
  locate: {
    may: ['model'],
    why: 'Placing decides from clues alone, so that the same clues give the same place wherever they came from.',
  },
  recognise: { may: ['model'], why: 'Recognition decides from what a record says, not from who counts it.' },
  store: {
    may: ['model'],
    why: 'The store is handed its deciders by the pipeline: it keeps and sorts, it does not judge.',
  },
  aggregate: {
    may: ['model', 'statistics', 'store/duckdb.ts', 'store/census-sql.ts'],
    why: "Counting asks DuckDB through the store's helpers and reads nothing but a snapshot's rows.",
  },
  api: {
    may: ['model', 'store/duckdb.ts', 'store/census-sql.ts'],
    why: "The API turns questions into SQL over a snapshot's rows; what names mean, and the socket, are handed to it.",
  },
  reports: {
    may: ['model', 'statistics'],
    why: 'A report writes rows down; it cannot look anything up, so every figure is in the rows for all reports alike.',
  },
  probes: {
    may: ['model', 'version.ts'],
    why: 'A probe is handed what was heard and says what to send: it cannot dial.',
  },
  scan: {
    may: ['model', 'net'],
    why: 'The engine keeps pace and time; what is asked, and what becomes of the answers, is handed to it.',
  },
  net: { may: ['model'], why: 'What opens a socket knows nothing of what goes through it.' },
  config: {
    may: ['model'],
    why: 'Configuration is checked against the words of the product, before any part of it runs.',
  },
  pipeline: {
    may: [
      'model',
      'locate',
      'recognise',
      'store',
      'aggregate',
      'reports',
      'api',
      'net',
      'probes',
      'scan',
      'version.ts',
      'sources/files/index.ts',
      'sources/files/import-file.ts',
      'sources/files/input.ts',
      'sources/asker.ts',
      'sources/surveyor.ts',
      'sources/clients.ts',
      'sources/engines.ts',
    ],
    why: "The pipeline joins the rooms, and takes sources by their index only: it must not know a format's name.",
  },
  commands: {
    may: [
      'pipeline',
      'config',
      'reports',
      'model',
      'locate/regions.ts',
      'probes/index.ts',
      'probes/checks/index.ts',
      'recognise/service.ts',
      'sources/files/index.ts',
      'sources/files/observation.ts',
      'sources/engines.ts',
      'store/snapshots.ts',
    ],
    why: 'A command reads options, calls the pipeline and prints; beside that it may only list what there is.',
  },
  cli: {
    may: ['commands', 'config', 'model'],
    why: 'A file here declares a command and its options; the work behind them is not its business.',
  },
  'cli.ts': {
    may: ['cli', 'commands', 'config', 'model', 'version.ts', 'reports/text.ts'],
    why: 'The program joins the declared commands, and tells how they end.',
  },
}

const inRoom = (path: string, room: string): boolean => path === room || path.startsWith(`${room}/`)
const roomOf = (path: string): string => path.split('/')[0] ?? path

interface Rule {
  readonly name: string
  readonly why: string
  /** What breaks the rule in these files, each in one line. */
  readonly breaches: (files: readonly SourceFile[]) => string[]
}

/** Breaches by a file's imports. */
const byImport =
  (wrong: (file: SourceFile, each: SourceFile['imports'][number]) => boolean) =>
  (files: readonly SourceFile[]): string[] =>
    files.flatMap((file) =>
      file.imports.filter((each) => wrong(file, each)).map((each) => `${file.path} imports ${each.to}`),
    )

/** Breaches by a file's code. */
const byCode =
  (pattern: RegExp, allowed: (path: string) => boolean) =>
  (files: readonly SourceFile[]): string[] =>
    files
      .filter((file) => !allowed(file.path) && pattern.test(file.code))
      .map((file) => `${file.path} has ${pattern.exec(file.code)?.[0].trim() ?? ''}`)

const network = /^(node:)?(net|tls|http|https|http2|dgram|dns|dns\/promises|quic)$|^undici$/
/** Names that judge the text of an address and open nothing. */
const addressNames: ReadonlySet<string> = new Set(['isIP', 'isIPv4', 'isIPv6'])
const isReader = /^export const \w+: Reader = /m

const rules: readonly Rule[] = [
  ...Object.entries(rooms).map(([room, { may, why }]) => ({
    name: `${room} imports ${may.length === 0 ? 'nothing of ours' : `only ${may.join(', ')}`}`,
    why,
    breaches: byImport(
      (file, each) =>
        inRoom(file.path, room) &&
        each.to.endsWith('.ts') &&
        !inRoom(each.to, room) &&
        !may.some((allowed) => inRoom(each.to, allowed)),
    ),
  })),
  {
    name: 'every file has a room',
    why: 'A line of code knows its room: a new folder of src/ needs a line in this test that says whom it may import.',
    breaches: (files) => files.filter((file) => !(roomOf(file.path) in rooms)).map((file) => file.path),
  },
  {
    name: 'nobody imports in a circle',
    why: 'Files that need each other are one file, or lack a third one that both can read first.',
    breaches: cycles,
  },
  {
    name: 'DuckDB is imported by store only, and its connection type by aggregate',
    why: 'The store alone opens DuckDB, so that its limits (folders, memory, no extensions, no network) hold for every statement.',
    breaches: byImport(
      (file, each) =>
        each.to.startsWith('@duckdb/') &&
        !inRoom(file.path, 'store') &&
        !(inRoom(file.path, 'aggregate') && each.typeOnly),
    ),
  },
  {
    name: 'a format is imported by the index only',
    why: 'A format is added or removed by one file and one line of the index; formats that lean on each other cannot be.',
    breaches: (files) => {
      const formats = new Set(files.filter((file) => isReader.test(file.code)).map((file) => file.path))
      return byImport((file, each) => formats.has(each.to) && file.path !== 'sources/files/index.ts')(files)
    },
  },
  {
    name: 'no sockets',
    why: 'What opens a connection, or listens for one, lives in src/net alone: there its limits can be seen.',
    breaches: (files) => [
      ...byImport(
        (file, each) =>
          !inRoom(file.path, 'net') &&
          network.test(each.to) &&
          (each.names.length === 0 || !each.names.every((name) => addressNames.has(name))),
      )(files),
      ...byCode(/(?<![.\w])(fetch|WebSocket|EventSource)\s*\(/, () => false)(files),
    ],
  },
  {
    name: 'a probe reaches the network through its guard only',
    why: 'What else opens sockets looks names up and heeds proxies: who probes must not be able to ask for it.',
    breaches: byImport(
      (file, each) =>
        (/^(scan|probes)\/|^(pipeline|commands)\/probe/.test(file.path) &&
          /^net\/(?!(guard|tcp|udp)\.ts$)/.test(each.to)) ||
        (/^net\/(guard|handles|stream|tcp|udp)\.ts$/.test(file.path) && /\b(dns|https?|http2|undici)\b/.test(each.to)),
    ),
  },
  {
    name: 'process.env is read in config only',
    why: 'What the environment can change must be found in one place.',
    breaches: byCode(/\bprocess\s*\.\s*env\b/, (path) => inRoom(path, 'config')),
  },
  {
    name: 'process is used by programs, config and the reader of standard input only',
    why: 'Streams, signals and exit codes belong to the command line; everything else can be called and tested in any process.',
    breaches: (files) => [
      ...byCode(
        /(?<![.\w])process\s*\./,
        (path) =>
          ['cli.ts', 'net/handles.ts', 'pipeline/probe-worker.ts', 'sources/files/input.ts'].includes(path) ||
          inRoom(path, 'config'),
      )(files),
      // It asks for Node's own handles, and for the version they are of.
      ...byCode(/(?<![.\w])process\s*\.\s*(?!versions\b)\w+/, (path) => path !== 'net/handles.ts')(files),
      // Of the whole process, input.ts may see standard input: it is a file that is called `-`.
      ...byCode(/(?<![.\w])process\s*\.\s*(?!stdin\b)\w+/, (path) => path !== 'sources/files/input.ts')(files),
      ...byImport((_, each) => /^(node:)?process$/.test(each.to))(files),
    ],
  },
  {
    name: 'no default exports',
    why: 'A thing has one name everywhere, so that it can be searched for.',
    breaches: byCode(/^export\s+(default\b|\{[^}]*\bas default\b)/m, () => false),
  },
  {
    name: 'require() reaches data packages, and DuckDB’s, only',
    why: 'Packages of data have no types to import; code must be imported, where the compiler sees it. DuckDB’s loads in half the time, with its types imported.',
    breaches: byCode(/\bcreateRequire\(/, (path) =>
      [
        'locate/address-database.ts',
        'locate/gazetteer.ts',
        'locate/region-map.ts',
        'reports/page/map.ts',
        'store/duckdb-package.ts',
      ].includes(path),
    ),
  },
  {
    name: 'no file is longer than 300 lines',
    why: 'A file is read from top to bottom in one sitting; a longer one has two subjects.',
    breaches: (files) => files.filter((file) => file.lines > 300).map((file) => `${file.path} has ${file.lines} lines`),
  },
]

const files = sourceFiles()

describe('architecture', () => {
  test.each(rules)('$name', ({ name, why, breaches }) => {
    expect(breaches(files), `${name}. ${why}`).toEqual([])
  })

  test('every Reader of src/sources/files is in its index, and every format id is a Reader’s', async () => {
    const found: string[] = []
    for (const file of files.filter(
      ({ path }) => path.startsWith('sources/files/') && path !== 'sources/files/index.ts',
    )) {
      const module: unknown = await import(pathToFileURL(join(repository, 'src', file.path)).href)
      for (const [name, value] of Object.entries(module as Record<string, unknown>)) {
        if (typeof value !== 'object' || value === null || !('detect' in value && 'read' in value)) continue
        found.push(`${file.path} ${name}`)
        expect(readers, `${file.path} exports the reader ${name}, which the index lacks`).toContain(value)
      }
    }
    expect(found).toHaveLength(readers.length)
    expect(readers.map((reader) => reader.id).toSorted()).toEqual([...formatIds].toSorted())
  })
})

describe('the rules can fail', () => {
  const broken = (path: string, text: string, others: readonly SourceFile[] = []): string[] =>
    rules.flatMap(({ name, breaches }) => (breaches([sourceFile(path, text), ...others]).length > 0 ? [name] : []))

  test.each([
    ['model/a.ts', 'model imports nothing of ours', "import { b } from '../store/b.ts'"],
    ['statistics/a.ts', 'statistics imports nothing of ours', "import type { B } from '../model/b.ts'"],
    ['reports/a.ts', 'reports imports only model, statistics', "export { b } from '../store/duckdb.ts'"],
    [
      'aggregate/a.ts',
      'aggregate imports only model, statistics, store/duckdb.ts, store/census-sql.ts',
      "import {\n  b,\n} from '../store/derive.ts'",
    ],
    ['locate/a.ts', 'locate imports only model', "const b = await import('../recognise/b.ts')"],
    ['attic/a.ts', 'every file has a room', ''],
    ['model/a.ts', 'nobody imports in a circle', "import './a.ts'"],
    [
      'aggregate/a.ts',
      'DuckDB is imported by store only, and its connection type by aggregate',
      "import { DuckDBInstance } from '@duckdb/node-api'",
    ],
    ['sources/a.ts', 'no sockets', "import { connect } from 'node:net'"],
    ['api/a.ts', 'no sockets', "import { createServer } from 'node:http'"],
    ['scan/a.ts', 'a probe reaches the network through its guard only', "import { httpClient } from '../net/http.ts'"],
    ['pipeline/probe-plan.ts', 'a probe reaches the network through its guard only', "import '../net/server.ts'"],
    ['net/udp.ts', 'a probe reaches the network through its guard only', "import { lookup } from 'node:dns/promises'"],
    ['sources/a.ts', 'no sockets', "const answer = await fetch('http://example.com')"],
    ['store/a.ts', 'process.env is read in config only', "const home = process.env['HOME']"],
    [
      'sources/files/input.ts',
      'process is used by programs, config and the reader of standard input only',
      'process.exit(1)',
    ],
    ['sources/a.ts', 'no default exports', 'const a = 1\nexport default a'],
    ['model/a.ts', 'require() reaches data packages, and DuckDB’s, only', "const load = createRequire('')"],
    ['model/a.ts', 'no file is longer than 300 lines', `${'\n'.repeat(300)}export {}`],
  ])('%s breaks: %s', (path, name, text) => {
    expect(broken(path, text)).toContain(name)
  })

  test('a format that imports another', () => {
    const one = sourceFile('sources/files/one.ts', 'export const one: Reader = {}')
    expect(broken('sources/files/two.ts', "import { one } from './one.ts'", [one])).toEqual([
      'a format is imported by the index only',
    ])
  })

  test('a circle of three, found once, by its whole way', () => {
    const circle = [
      sourceFile('model/a.ts', "import { b } from './b.ts'"),
      sourceFile('model/b.ts', "import type { C } from './c.ts'"),
      sourceFile('model/c.ts', "export * from './a.ts'"),
    ]
    expect(cycles(circle)).toEqual(['model/a.ts → model/b.ts → model/c.ts → model/a.ts'])
  })

  test.each([
    ['sources/files/input.ts', 'const input = process.stdin'],
    ['model/a.ts', "import { isIPv4 } from 'node:net'"],
    ['net/a.ts', "import { createServer } from 'node:http'"],
    ['scan/a.ts', "import { dialTcp } from '../net/tcp.ts'"],
    ['model/a.ts', '// process.env is read elsewhere\nconst url = "http://x"\n/** fetch() and process.exit() */'],
    ['model/a.ts', 'reader.process.next()\nitem.fetch()'],
    ['aggregate/a.ts', "import type { DuckDBConnection } from '@duckdb/node-api'"],
    ['cli.ts', "import { type A, b } from './commands/a.ts'\nprocess.exitCode = 1"],
  ])('what is allowed passes: %s %j', (path, text) => {
    expect(broken(path, text)).toEqual([])
  })
})
