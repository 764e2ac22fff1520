import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Reader, ReadOptions } from '../../src/model/reader.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import { censusOfSnapshot } from '../../src/pipeline/census.ts'
import type { TableOptions } from '../../src/pipeline/deciders.ts'
import { importFiles, type ImportRequest } from '../../src/pipeline/import.ts'
import { importFile } from '../../src/sources/files/import-file.ts'
import { openInput } from '../../src/sources/files/input.ts'
import { censusOf } from '../../src/store/census-sql.ts'
import type { CensusFacts } from '../../src/store/censuses.ts'
import { all, openDatabase, parquetFiles, type Row } from '../../src/store/duckdb.ts'
import { openIngest } from '../../src/store/ingest.ts'
import { longestLineTaken, maxBulkLineBytes } from '../../src/store/observations.ts'
import type { RecordsSnapshot } from '../../src/store/snapshots.ts'

/** A folder that goes when the test has finished. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'census-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface Reject {
  readonly file: string
  readonly line: number
  readonly reason: string
  readonly detail?: string
  readonly text?: string
}

export const readRejects = async (folder: string): Promise<Reject[]> =>
  (await readFile(join(folder, 'rejects.ndjson'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Reject)

export interface Ingested {
  /** Rows of the observations, every value as text. */
  readonly rows: Row[]
  readonly rejects: Reject[]
  readonly cut: string | undefined
}

/**
 * Reads bytes with one reader into Parquet files, as an import does, and reads them back; nothing is derived. `isSpooled`
 * has them cut into files of lines even where a plain file could be read whole; compressed ones are, and `isThreaded` in
 * a thread of its own.
 */
export async function ingested(
  bytes: string | Uint8Array,
  reader: Reader,
  options: Partial<ReadOptions> & {
    maxBulkLine?: number
    isSpooled?: boolean
    isThreaded?: boolean
    maxExpansion?: number
    spoolBytes?: number
  } = {},
): Promise<Ingested> {
  const folder = await mkdtemp(join(tmpdir(), 'census-test-'))
  try {
    await mkdir(join(folder, 'observations'))
    const file = join(folder, 'input')
    await writeFile(file, bytes)
    const database = await openDatabase({ folders: [folder], files: [file], temporary: folder })
    try {
      const ingest = await openIngest(database, folder)
      const {
        maxBulkLine = maxBulkLineBytes,
        isSpooled = false,
        isThreaded = false,
        maxExpansion = 1000,
        spoolBytes = 2 ** 24,
        ...rest
      } = options
      const input = await openInput(file, { maxExpansion })
      const limits = { fileName: 'input', maxRecordBytes: 2 ** 24, ...rest }
      const bulk = {
        maxExpansion,
        longestSpooled: maxBulkLine,
        longestWhole: isSpooled ? Infinity : longestLineTaken,
        threadBytes: isThreaded ? 0 : Infinity,
        spoolBytes,
      }
      const cut = await importFile(input, reader, limits, bulk, {
        reading: (reading) => ingest.reading(0, 'input', reading),
        nextFile: () => ingest.nextFile(),
        spool: (spool, mapping, onUnsound) => ingest.spool(0, spool, mapping, onUnsound),
        file: (path, mapping, onUnsound) => ingest.file(0, path, mapping, onUnsound),
        drain: () => ingest.drain(),
      }).catch(async (error: unknown) => {
        await ingest.abandon()
        throw error
      })
      await ingest.finish()
      return {
        rows: await rowsOf(folder, parquetFiles(join(folder, 'observations'))),
        rejects: await readRejects(folder),
        cut,
      }
    } finally {
      database.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The rows of Parquet files in a fixed order, every value as text. */
async function rowsOf(folder: string, sql: string): Promise<Row[]> {
  const database = await openDatabase({ folders: [folder], temporary: folder })
  try {
    return await all(database.connection, `SELECT COLUMNS(*)::VARCHAR FROM ${sql} ORDER BY ALL`)
  } finally {
    database.close()
  }
}

/** The rows the reports count, in a fixed order. */
export async function censusRows(snapshot: RecordsSnapshot, tables: TableOptions = {}): Promise<Row[]> {
  const { folder } = await censusOfSnapshot(snapshot, await loadRegions(), tables)
  return rowsOf(folder, censusOf(folder).rows)
}

/** How the addresses of a snapshot are placed, and which are suspect. */
export const censusFacts = async (snapshot: RecordsSnapshot, tables: TableOptions = {}): Promise<CensusFacts> =>
  (await censusOfSnapshot(snapshot, await loadRegions(), tables)).facts
export const observationRows = ({ folder }: RecordsSnapshot): Promise<Row[]> =>
  rowsOf(folder, parquetFiles(join(folder, 'observations')))

/** Imports files, given as name → content, of a folder of their own. */
export async function imported(
  files: Readonly<Record<string, string | Uint8Array>>,
  request: Partial<Omit<ImportRequest, 'files'>> & { format?: ImportRequest['files'][number]['format'] } = {},
): Promise<RecordsSnapshot> {
  const folder = await temporaryFolder()
  const { format = 'auto', ...rest } = request
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return importFiles({
    store: join(folder, 'store'),
    files: Object.keys(files).map((name) => ({ name: join(folder, name), format })),
    maxRecordBytes: 2 ** 24,
    maxExpansion: 300,
    ...rest,
  })
}
