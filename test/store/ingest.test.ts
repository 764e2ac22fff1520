import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { importFile } from '../../src/sources/files/import-file.ts'
import { shodan } from '../../src/sources/files/shodan.ts'
import { openDatabase } from '../../src/store/duckdb.ts'
import { openIngest } from '../../src/store/ingest.ts'
import { banner } from '../helpers/shodan.ts'
import { readRejects, temporaryFolder } from '../helpers/store.ts'

test('files full of lines that DuckDB cannot take do not wait for each other for ever', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'observations'))
  const database = await openDatabase({ folders: [folder], temporary: folder })
  const ingest = await openIngest(database, folder)
  const line = Buffer.from(`${JSON.stringify(banner({ version: 'x', data: `{${'x'.repeat(64_000)}` }))}\n`)
  const count = 2500
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < count; sent++) yield line
  }
  const input = {
    name: 'input',
    size: undefined,
    head: { text: line.toString(), fileName: 'input', whole: false },
    bytes: bytes(),
    bytesRead: () => 0,
    cut: () => undefined,
    plain: false,
    readBy: async () => undefined,
    close: async () => undefined,
  }
  await importFile(
    input,
    shodan,
    { fileName: 'input', maxRecordBytes: 2 ** 20 },
    { maxExpansion: 1, longestSpooled: 2 ** 20, longestWhole: Infinity, spoolBytes: 2 ** 24, threadBytes: Infinity },
    {
      reading: (reading) => ingest.reading(0, 'input', reading),
      nextFile: () => ingest.nextFile(),
      spool: (spool, mapping, onUnsound) => ingest.spool(0, spool, mapping, onUnsound),
      file: async () => false,
      drain: () => ingest.drain(),
    },
  )
  await ingest.finish()
  expect(ingest.counts(0)).toEqual({ records: count, rejected: 0 })
  expect(await readRejects(folder)).toEqual([])
  database.close()
}, 30_000)
